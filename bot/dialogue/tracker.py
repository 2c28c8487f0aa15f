"""A tracker that is cheap to copy, and the part of a conversation that later turns need.

Rasa copies the tracker before every action by replaying every event there ever was, and derives
the states for its rules from all of them at every prediction: turns grow with a conversation.
Ours copies what a replay would come to, and of a conversation that is held the last turns are kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from rasa.shared.core.constants import (
    ACTION_LISTEN_NAME,
    ACTION_SESSION_START_NAME,
    DEFAULT_SLOT_NAMES,
)
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue.memory import SAID
from bot.dialogue.referral import FOR_THE_UNIT

KEPT_TURNS = 2
"""Turns whose events are kept whole; a rule looks back over one."""

STATES = 5
"""States that rules are compared with; the longest rule is shorter (tests/test_rules.py)."""


class ConversationTracker(DialogueStateTracker):
    """Rasa's tracker, whose copies are made of its state instead of its history."""

    def init_copy(self) -> ConversationTracker:
        """Return a tracker with the same slots, unset, and no events."""
        empty = type(self)(
            self.sender_id, (), self._max_event_history, is_rule_tracker=self.is_rule_tracker
        )
        empty.slots = _copied(self.slots.values())
        empty._reset_slots()
        return empty

    def past_states(self, domain: Domain, *args: Any, **kwargs: Any) -> list[State]:
        """Return the last `STATES` states; no others are made."""
        if args or kwargs.get("ignore_rule_only_turns"):
            return super().past_states(domain, *args, **kwargs)
        omit = bool(kwargs.get("omit_unset_slots"))
        number = 1 + sum(isinstance(event, ActionExecuted) for event in self.applied_events())
        return [
            domain.get_active_state(prior, omit_unset_slots=omit)
            for at, (prior, _) in enumerate(self.generate_all_prior_trackers())
            if at >= number - STATES
        ]

    def copy(self) -> ConversationTracker:
        """Return a tracker with the same events and the same state."""
        copied = type(self)(
            self.sender_id, (), self._max_event_history, is_rule_tracker=self.is_rule_tracker
        )
        copied.slots = _copied(self.slots.values())
        copied.events.extend(self.events)
        copied.latest_message = self.latest_message
        copied.latest_bot_utterance = self.latest_bot_utterance
        copied.latest_action = self.latest_action
        copied.followup_action = self.followup_action
        copied._paused = self._paused
        if self.active_loop is not None:
            copied.active_loop = dataclasses.replace(self.active_loop)
        return copied


def _copied(slots: Iterable[Slot]) -> dict[str, Slot]:
    """Return copies of `slots` by name; `copy.copy` takes four times as long."""
    copies: dict[str, Slot] = {}
    for slot in slots:
        copies[slot.name] = copied = slot.__class__.__new__(slot.__class__)
        copied.__dict__.update(slot.__dict__)
    return copies


def was_forgotten(tracker: DialogueStateTracker) -> bool:
    """Whether the person was told, since it was saved last, that what came before is forgotten."""
    return any(isinstance(event, AllSlotsReset) for event in [*tracker.events][1:])


def kept_part(tracker: DialogueStateTracker) -> ConversationTracker:
    """Return what later turns need of a conversation whose events are wiped.

    That is the value of every slot, the ids of what was said in their order, each once, and the
    events of the last `KEPT_TURNS` turns and of a running form. What came before the person was
    last told that it is forgotten is not kept at all, nor is what was chosen or sealed for a unit
    once it was sent or dropped. A turn that Rasa broke off ends here: it counts actions back to the
    last `action_listen`, and would break off every later turn as well.
    """
    events = list(tracker.events)
    start = max((at for at, e in enumerate(events) if isinstance(e, AllSlotsReset)), default=0)
    let_go = {name for name in FOR_THE_UNIT if tracker.get_slot(name) is None}
    events = [e for e in events[start:] if not (isinstance(e, SlotSet) and e.key in let_go)]
    kept = ConversationTracker(
        tracker.sender_id, tracker.slots.values(), tracker._max_event_history
    )
    cut = _cut(events)
    for event in [*_summary(kept.copy(), events[:cut]), *events[cut:]]:
        kept.update(event)
    done = next((e for e in reversed(events) if isinstance(e, (ActionExecuted, UserUttered))), None)
    if isinstance(done, ActionExecuted) and done.action_name != ACTION_LISTEN_NAME:
        kept.update(ActionExecuted(ACTION_LISTEN_NAME))
    return kept


def _summary(tracker: ConversationTracker, events: list[Event]) -> list[Event]:
    """Return few events that come to the same as `events`, with which `tracker` begins."""
    if not events:
        return []
    for event in events:
        tracker.update(event)
    opening = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
    values = [
        SlotSet(name, slot.value)
        for name, slot in tracker.slots.items()
        if slot.value != slot.initial_value and name not in DEFAULT_SLOT_NAMES
    ]
    said = list(reversed(dict.fromkeys(reversed(list(_said(events))))))
    summary = BotUttered("", metadata={SAID: said})
    summed: list[Event] = [*opening, *values, summary]
    for event in summed:
        event.timestamp = events[-1].timestamp
    return summed


def _cut(events: list[Event]) -> int:
    """Return how many events of `events` are summed up instead of kept."""
    turns = [at for at, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(turns) <= KEPT_TURNS + 1:
        return 0
    first = turns[-KEPT_TURNS]
    loops = [(at, event.name) for at, event in enumerate(events) if isinstance(event, ActiveLoop)]
    if loops and loops[-1][1] is not None:
        first = max((at for at in turns if at < loops[-1][0]), default=0)
    listens = [
        at
        for at, event in enumerate(events[: first + 1])
        if isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME
    ]
    return listens[-1] if listens else 0


def _said(events: Iterable[Event]) -> Iterable[Any]:
    for event in events:
        if isinstance(event, BotUttered):
            yield from event.metadata.get(SAID, ())

"""What the actions share: saying planned bubbles and remembering what changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.dialogue.memory import SAID, changed_slots, memory_from_slots
from bot.dialogue.replies import Memory, Reply


def memory_of(tracker: Tracker) -> Memory:
    """Return the conversation's memory."""
    return memory_from_slots(tracker.slots)


def remember(before: Memory, after: Memory, **others: Any) -> list[EventType]:
    """Return the events that turn `before` into `after` and set `others`."""
    changes = {**changed_slots(before, after), **others}
    return [SlotSet(name, value) for name, value in changes.items()]


def answered(tracker: Tracker, asked: str, **changes: Any) -> list[EventType]:
    """Return the events of a turn after which a bare yes or no answers `asked`."""
    before = memory_of(tracker)
    after = replace(before, turn=before.turn + 1, asked=asked)
    return remember(before, after, unclear_run=0, **changes)


def say(dispatcher: CollectingDispatcher, *parts: str, **values: Any) -> None:
    """Say one bubble made of the responses `parts`, their variables filled from `values`."""
    dispatcher.utter_message(response=parts[0], parts=list(parts), **values)


def say_reply(dispatcher: CollectingDispatcher, reply: Reply, **values: Any) -> None:
    """Say a planned reply, a bubble at a time, its variables filled from `values`."""
    names = [f"utter_name_concern_{concern}" for concern in reply.named_concerns]
    for bubble in reply.bubbles:
        phrases = dict(zip(("first", "second"), names, strict=False))
        say(dispatcher, *bubble, phrases=phrases, **values)


def intent_of(tracker: Tracker) -> str:
    """Return the name of the latest message's intent, empty if there is none."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def entity_of(tracker: Tracker, name: str) -> str | None:
    """Return the first value of the entity `name` in the latest message."""
    values: Iterable[Any] = tracker.get_latest_entity_values(name)
    return next((str(value) for value in values), None)


def was_said(tracker: Tracker, response: str) -> bool:
    """Whether a variant of `response` was said in this conversation."""
    said = (
        variant
        for event in tracker.events
        if event.get("event") == "bot"
        for variant in (event.get("metadata") or {}).get(SAID, ())
    )
    return any(variant.rpartition(":")[0] == response for variant in said)


def said_last_turn(tracker: Tracker, response: str) -> bool:
    """Whether a variant of `response` was said in answer to the message before the latest."""
    messages = 0
    for event in reversed(tracker.events):
        messages += event.get("event") == "user"
        said = (event.get("metadata") or {}).get(SAID, ()) if event.get("event") == "bot" else ()
        if messages == 1 and any(one.rpartition(":")[0] == response for one in said):
            return True
    return False

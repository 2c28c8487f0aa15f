"""Conversation state: in memory, without words, gone an hour after the last message."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.dialogue.memory import SAID
from bot.dialogue.tracker import ConversationTracker, kept_part, was_forgotten
from bot.privacy.lifetimes import LIFE_SECONDS, MOST_CONVERSATIONS
from bot.trends.labels import kept_metadata

KEPT_PARSE_DATA = ("intent",)
"""What of a message's analysis later turns need."""


class EphemeralTrackerStore(TrackerStore):
    """Keeps trackers in memory for `LIFE_SECONDS`, wiped of everything that was typed or said.

    Expiry deletes; it does not hide, as Rasa's session expiry would.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        clock: Callable[[], float] = time.monotonic,
        **kwargs: Any,
    ) -> None:
        """Start with no conversations; `clock` gives seconds and is injected by tests."""
        super().__init__(domain or Domain.empty(), event_broker)
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, DialogueStateTracker]] = OrderedDict()
        self.forgotten = 0
        """How often a conversation, or what came before in it, was to be forgotten."""

    @classmethod
    def create(
        cls,
        obj: TrackerStore | EndpointConfig | None,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
    ) -> EphemeralTrackerStore:
        """Make a store, as Rasa asks of a tracker store named in endpoints.yml."""
        return cls(domain, event_broker)

    async def check(self) -> None:
        """Do nothing: memory is always there."""

    def init_tracker(self, sender_id: str) -> ConversationTracker:
        """Return an empty tracker for a conversation."""
        return ConversationTracker(sender_id, self.domain.slots, self.max_event_history)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Wipe the tracker's words, stream its new events already wiped, hold what is needed."""
        wipe(tracker.events)
        if self.event_broker:
            await self.stream_events(tracker)
        self.forgotten += was_forgotten(tracker)
        await self._hold(kept_part(tracker))

    async def _hold(self, tracker: DialogueStateTracker) -> None:
        self._held.pop(tracker.sender_id, None)
        self._held[tracker.sender_id] = (self._clock(), tracker)
        self.drop_expired()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return a copy of the conversation's tracker, or None if it has ended or never was."""
        self.drop_expired()
        if sender_id not in self._held:
            return None
        tracker = self._held[sender_id][1].copy()
        tracker.sender_id = sender_id
        return tracker

    async def delete(self, sender_id: str) -> None:
        """Forget the conversation."""
        self.forgotten += 1
        self._held.pop(sender_id, None)

    async def keys(self) -> Iterable[str]:
        """Return the ids of the conversations that are held."""
        self.drop_expired()
        return list(self._held)

    def drop_expired(self) -> None:
        """Delete what has reached its end; called at every use, and by the server's clock."""
        limit = self._clock() - LIFE_SECONDS
        while self._held:
            sender_id, (used, _) = next(iter(self._held.items()))
            if used > limit and len(self._held) <= MOST_CONVERSATIONS:
                return
            del self._held[sender_id]


def wipe(events: Iterable[Event]) -> None:
    """Remove from `events`, in place, every word that a person or the assistant said."""
    for event in events:
        if isinstance(event, UserUttered):
            event.text = ""
            event.message_id = None
            event.metadata = kept_metadata(event.metadata, event.parse_data)
            event.entities = []
            event.parse_data = {
                "text": "",
                "entities": [],
                **{k: event.parse_data[k] for k in KEPT_PARSE_DATA if k in event.parse_data},
            }
        elif isinstance(event, BotUttered):
            event.text = ""
            event.data = {}
            event.metadata = {SAID: event.metadata.get(SAID, [])}

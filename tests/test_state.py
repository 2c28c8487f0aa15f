"""Conversation state holds no words and ends an hour after the last message."""

import asyncio
import pickle

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue import state
from bot.dialogue.state import EphemeralTrackerStore

CANARY = "xyzzy-canary-3f9a"


def tracker_with_canary(sender_id: str = "someone") -> DialogueStateTracker:
    parse_data = {
        "text": CANARY,
        "intent": {"name": "share", "confidence": 0.9},
        "entities": [{"entity": "moment", "value": "x", "start": 0, "end": 3, "text": CANARY}],
        "signals": {"stage": ["denial"]},
        "anything": CANARY,
    }
    user = UserUttered(
        CANARY,
        parse_data["intent"],
        parse_data["entities"],
        parse_data,
        message_id=CANARY,
        metadata={"x": CANARY},
    )
    bot = BotUttered(CANARY, data={"buttons": [{"payload": CANARY}]}, metadata={"said": ["u:0"]})
    return DialogueStateTracker.from_events(sender_id, [user, bot], domain=Domain.empty())


@pytest.fixture
def clock():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_a_saved_conversation_holds_no_word(clock):
    store = EphemeralTrackerStore(clock=clock)
    asyncio.run(store.save(tracker_with_canary()))
    held = asyncio.run(store.retrieve("someone"))
    assert CANARY not in str([event.as_dict() for event in held.events])
    assert CANARY.encode() not in pickle.dumps([event.as_dict() for event in held.events])


def test_what_was_said_is_remembered_as_ids(clock):
    store = EphemeralTrackerStore(clock=clock)
    asyncio.run(store.save(tracker_with_canary()))
    held = asyncio.run(store.retrieve("someone"))
    bot_events = [e for e in held.events if isinstance(e, BotUttered)]
    assert bot_events[0].metadata["said"] == ["u:0"]


def test_a_conversation_ends_an_hour_after_its_last_message(clock):
    store = EphemeralTrackerStore(clock=clock)
    asyncio.run(store.save(tracker_with_canary()))
    clock.now = state.LIFE_SECONDS - 1
    assert asyncio.run(store.retrieve("someone")) is not None
    clock.now = state.LIFE_SECONDS
    assert asyncio.run(store.retrieve("someone")) is None
    assert not asyncio.run(store.keys())


def test_the_oldest_conversation_gives_way_when_there_are_too_many(clock, monkeypatch):
    monkeypatch.setattr(state, "MOST_CONVERSATIONS", 2)
    store = EphemeralTrackerStore(clock=clock)
    for number in range(3):
        clock.now += 1
        asyncio.run(store.save(tracker_with_canary(str(number))))
    assert asyncio.run(store.keys()) == ["1", "2"]


def test_the_running_agent_keeps_no_word(person):
    person.open()
    person.say(f"i am so tired {CANARY} after nights")
    tracker = person.loop.run(person.agent.tracker_store.retrieve(person.conversation))
    assert CANARY not in str([event.as_dict() for event in tracker.events])
    assert CANARY not in str({name: slot.value for name, slot in tracker.slots.items()})

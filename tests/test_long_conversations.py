"""A long conversation costs no more than a short one, and loses nothing that a turn needs."""

from collections import Counter

from rasa.shared.core.events import ActiveLoop, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue.memory import SAID
from bot.dialogue.tracker import KEPT_TURNS, ConversationTracker, kept_part

SAYINGS = (
    "my rota is full of holes and i am covering two wards",
    "i dont sleep after nights",
    "would my supervisor be told",
    "everyone is tired, that is the job",
    "i failed my exam again",
)


def tracker_of(person):
    return person.loop.run(person.agent.tracker_store.retrieve(person.conversation))


def test_what_is_held_stops_growing(person):
    person.open()
    sizes = []
    for turn in range(14):
        person.say(SAYINGS[turn % len(SAYINGS)])
        sizes.append(len(tracker_of(person).events))
    assert max(sizes[7:]) <= max(sizes[:7]) + 15  # the slots that have been set meanwhile
    held = [e for e in tracker_of(person).events if isinstance(e, UserUttered)]
    assert KEPT_TURNS <= len(held) <= KEPT_TURNS + 1


def test_the_held_conversation_comes_to_the_same_as_the_whole(person, agent, monkeypatch):
    whole = {}
    store = agent.tracker_store
    save = store.save

    async def watch(tracker):
        seen = whole.setdefault(tracker.sender_id, [])
        held = await store.retrieve(tracker.sender_id)
        seen += list(tracker.events)[len(held.events) if held else 0 :]
        await save(tracker)

    monkeypatch.setattr(store, "save", watch)
    person.open()
    for turn in range(9):
        person.say(SAYINGS[turn % len(SAYINGS)])
    everything = DialogueStateTracker.from_events(
        person.conversation, whole[person.conversation], agent.domain.slots
    )
    held = tracker_of(person)
    kept, wanted = held.current_slot_values(), everything.current_slot_values()
    for values in (kept, wanted):
        values.pop("session_started_metadata")
    assert kept == wanted

    def said(tracker):
        ids = [v for e in tracker.events if isinstance(e, BotUttered) for v in e.metadata[SAID]]
        return list(reversed(dict.fromkeys(reversed(ids))))

    assert said(held) == said(everything)
    assert held.latest_action_name == everything.latest_action_name == "action_listen"
    assert held.followup_action == everything.followup_action


def test_no_sentence_comes_back_before_it_must(person):
    person.open()
    seen = Counter()
    for turn in range(12):
        person.say(SAYINGS[turn % len(SAYINGS)])
        seen.update(
            v
            for e in tracker_of(person).events
            if isinstance(e, BotUttered)
            for v in e.metadata[SAID]
        )
    ids = [
        v for e in tracker_of(person).events if isinstance(e, BotUttered) for v in e.metadata[SAID]
    ]
    assert set(seen) == set(ids), "an id of what was said is lost"


def test_a_running_form_is_kept_whole(person):
    person.open()
    for turn in range(6):
        person.say(SAYINGS[turn % len(SAYINGS)])
    person.say("how do i contact the psu")
    person.press("wales")
    person.press("yes")
    assert tracker_of(person).active_loop_name == "message_form"
    for _ in range(4):
        person.say("what is a psu")
        assert tracker_of(person).active_loop_name == "message_form"
    loops = [e.name for e in tracker_of(person).events if isinstance(e, ActiveLoop)]
    assert loops[-1] == "message_form"
    person.say("not now")
    assert not tracker_of(person).active_loop_name


def test_what_was_forgotten_is_not_kept(person):
    person.open()
    person.say(SAYINGS[0])
    person.say("delete everything i said")
    assert person.slot("turn") in (0, None)
    held = tracker_of(person)
    assert sum(isinstance(e, UserUttered) for e in held.events) == 0


def test_a_copy_has_the_state_and_changes_alone(person):
    person.open()
    person.say(SAYINGS[0])
    tracker = tracker_of(person)
    copied = tracker.copy()
    assert isinstance(copied, ConversationTracker)
    replayed = DialogueStateTracker.from_events(
        tracker.sender_id, list(tracker.events), tracker.slots.values()
    )
    assert copied.current_state() == {**replayed.current_state(), "events": None}
    copied.slots["turn"].value = 99
    assert tracker.get_slot("turn") != 99
    copied.events.clear()
    assert len(tracker.events) > 0


def test_a_short_conversation_is_kept_as_it_is():
    tracker = DialogueStateTracker.from_events("x", [UserUttered(""), BotUttered("")])
    assert list(kept_part(tracker).events) == list(tracker.events)

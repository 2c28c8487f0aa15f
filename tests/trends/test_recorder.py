"""The recorder: what a turn is counted as, once a person, and never at the cost of a reply."""

import hmac
import threading
import time
import weakref
from types import SimpleNamespace

import pytest
import yaml
from sqlalchemy import create_engine, text

from bot.agent import NotOurPartError, load_our_agent
from bot.channels.conversation import fallback_bubbles
from bot.database import DatabaseError
from bot.paths import DOMAIN, ROOT
from bot.privacy.guard import LeakError
from bot.privacy.lifetimes import LIFE_SECONDS
from bot.trends import recorder as module
from bot.trends.counting import Counting
from bot.trends.labels import ABOUT_THEMSELVES
from bot.trends.marks import Marks
from bot.trends.observed import (
    ABOUT_THE_UNIT,
    CONTACTS,
    DECLINED,
    FORGETS,
    HANDED_OVER,
    HELP_CARDS,
    OPENING,
    WAY_OF_ACTION,
)
from bot.trends.recorder import TrendsRecorder
from bot.trends.vocabulary import CHANNELS, NOT_COUNTED, WAYS, every_mark, facets, questions
from tests.clocks import Clock
from tests.conftest import Person
from tests.databases import new_database
from tests.populations import population
from tests.test_talk import until_offered
from tests.trends.conftest import Said
from tests.trends.test_marks import stored

MAY = "2026-05"
YEAR = "2026"


def counted(store: Marks, *periods: str) -> dict[str, int]:
    """Return "facet value" -> contributors, over the periods."""
    found: dict[str, int] = {}
    for (_, facet, value), n in store.counts(periods or (MAY, YEAR)).items():
        found[f"{facet} {value}"] = found.get(f"{facet} {value}", 0) + n
    return found


def test_a_turn_is_counted_by_its_labels(recorder, store):
    said = Said("a").user("open_conversation").bot("utter_open_who:0")
    said.user("share", stage=["denial"], pattern=["minimising"], concern=["sleep_fatigue"])
    said.action("action_reply_to_talk").bot("utter_concern_sleep_fatigue_reflect:1")
    said.to(recorder)
    assert counted(store) == {
        "people any": 1,
        "channel web": 1,
        "stage denial": 1,
        "pattern minimising": 1,
        "concern sleep_fatigue": 1,
        "way listened": 1,
    }


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        (Said("a").user("ask_who_is_told"), "question ask_who_is_told"),
        (Said("a").user("ask_who_is_told"), "way asked_about_unit"),
        (Said("a").user("affirm").action("action_tell_about_unit"), "way asked_about_unit"),
        (Said("a").user("affirm").bot("utter_contact_card:0"), "way saw_contact"),
        (Said("a").user("choose").action("action_message"), "way took_message"),
        (Said("a").user("choose").bot("utter_referral_sent:0"), "way took_message"),
        (Said("a").user("choose").bot("utter_referral_sent_contact:0"), "way took_message"),
        (Said("a").user("not_now").action("action_not_now"), "way said_not_now"),
        (Said("a").user("unsure").bot("utter_not_now:0"), "way said_not_now"),
        (
            Said("a").user("share").bot("utter_crisis_open_passive:0", "utter_crisis_card:0"),
            "help_card any",
        ),
        (Said("a").user("share").bot("utter_help_card:0"), "help_card any"),
        (Said("a", "telegram").user("greet"), "channel telegram"),
    ],
)
def test_what_is_asked_and_how_far_somebody_goes_is_counted(said, mark, recorder, store):
    said.to(recorder)
    assert mark in counted(store)


def test_a_page_that_was_only_opened_is_nobody(recorder, store):
    Said("a").user("open_conversation").bot("utter_open_who:0").to(recorder)
    assert counted(store) == {}


@pytest.mark.parametrize("channel", ["terminal", "test", "warm-up", "cmdline", "", None])
def test_other_channels_are_not_counted(channel, recorder, store):
    Said("a", channel).user("share", concern=["money"]).action("action_message").to(recorder)
    assert counted(store) == {}


def test_unknown_labels_are_not_kept(recorder, store):
    Said("a").user("share", concern=["dr jones", "money"], hospital=["x"]).to(recorder)
    assert counted(store)["concern money"] == 1
    assert {row[1:3] for row in stored(str(recorder._marks._engine.url))} <= set(every_mark())


def test_a_person_counts_once_for_a_value_and_month(recorder, store, month):
    for _ in range(3):
        Said("a").user("share", concern=["money"]).to(recorder)
    month.now = "2026-06"
    Said("a").user("share", concern=["money"]).to(recorder)
    assert counted(store, MAY)["concern money"] == 1
    assert counted(store, "2026-06")["concern money"] == 1


def test_a_person_counts_in_three_themes_at_most(recorder, store):
    concerns = list(facets()["concern"].values)
    for concern in concerns:
        Said("a").user("share", concern=[concern]).to(recorder)
    found = [name for name in counted(store) if name.startswith("concern ")]
    assert sorted(found) == sorted(f"concern {concern}" for concern in concerns[:3])


def test_a_person_belongs_to_one_group_and_channel(recorder, store, tmp_path):
    with population(tmp_path / "trends.yml"):
        for grade in ("f1", "registrar"):
            Said("a").user("inform", grade=[grade]).to(recorder)
        Said("a").user("inform", specialty=["urology"]).to(recorder)
    groups = [name for name in counted(store) if name.startswith(("grade ", "specialty "))]
    assert groups == ["grade foundation", "specialty surgery"]


def test_a_grade_is_not_counted_while_nobody_says_how_many_trainees_a_band_has(recorder, store):
    Said("a").user("inform", grade=["f1"]).to(recorder)
    assert counted(store) == {"people any": 1, "channel web": 1}


def test_the_help_card_is_counted_once_a_year(recorder, store, month):
    Said("a", "telegram").user("share").bot("utter_crisis_card:0").to(recorder)
    month.now = "2026-06"
    Said("a", "telegram").user("share").bot("utter_crisis_card:1").to(recorder)
    assert counted(store, YEAR) == {"help_card any": 1}
    assert "help_card any" not in counted(store, MAY, "2026-06")


def test_a_conversation_is_a_person(recorder, store):
    """Nothing joins two days of Telegram, or two conversations of the page."""
    for conversation in ("monday", "tuesday", "tuesday"):
        Said(conversation, "telegram").user("share", concern=["money"]).to(recorder)
    assert counted(store)["concern money"] == 2


def test_no_token_is_in_two_rows(recorder, store, url, month):
    """So that nobody who reads the table can put one person's marks together."""
    for conversation in "abc":
        for month.now in ("2026-05", "2026-06"):
            said = Said(conversation).user("share", stage=["denial"], concern=["money", "workload"])
            said.action("action_reply_to_talk").bot("utter_help_card:0").to(recorder)
    tokens = [row[3] for row in stored(url)]
    assert len(tokens) > 30
    assert len(set(tokens)) == len(tokens)


def test_to_be_forgotten_takes_back_every_mark(recorder, store, month):
    Said("b").user("share", concern=["money"]).to(recorder)
    for month.now in ("2026-05", "2026-06"):
        said = Said("a", "telegram").user("share", concern=["money"], stage=["denial"])
        said.action("action_reply_to_talk").bot("utter_crisis_card:0").to(recorder)
    Said("a", "telegram").user("delete_my_data").reset().to(recorder)
    assert counted(store, MAY, "2026-06", YEAR) == {
        "people any": 1,
        "channel web": 1,
        "concern money": 1,
    }


@pytest.mark.parametrize("way", ["command", "words"])
@pytest.mark.parametrize("written", [True, False], ids=["written", "waiting"])
def test_who_is_forgotten_after_the_conversation_ended_is_taken_back_too(
    way, written, recorder, store, month, monkeypatch
):
    """The name was let go of; it is in the wish, and the keys of both months still live."""
    clock = Clock()
    monkeypatch.setattr(recorder, "_clock", clock)
    Said("b").user("share", concern=["money"]).to(recorder)
    said = Said("a", "telegram").user("share", concern=["money"], stage=["denial"])
    said.action("action_reply_to_talk").bot("utter_crisis_card:0")
    for event in said.events:
        recorder.publish(event)
    if written:
        assert recorder.write_now()
    month.now = "2026-06"
    clock.now = LIFE_SECONDS + 1
    recorder.sweep()
    if written:
        assert recorder.write_now()
        assert list(recorder._taking_part) == []
        assert counted(store)["concern money"] == 2
    if way == "command":
        recorder.forget("a")
    else:
        for event in Said("a", "telegram").reset().events:
            recorder.publish(event)
    assert recorder.write_now()
    left = {"people any": 1, "channel web": 1, "concern money": 1}
    assert counted(store, MAY, "2026-06", YEAR) == left


def test_the_name_of_a_conversation_goes_when_it_ends(recorder, store, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(recorder, "_clock", clock)
    Said("a").user("share", concern=["money"]).to(recorder)
    clock.now = LIFE_SECONDS - 1
    Said("b").user("share", concern=["money"]).to(recorder)
    clock.now = LIFE_SECONDS
    recorder.sweep()
    assert recorder.write_now()
    assert list(recorder._taking_part) == ["b"]
    recorder.forget("b")
    assert recorder.write_now()
    assert list(recorder._taking_part) == []
    assert counted(store)["concern money"] == 1


def test_the_name_of_who_is_forgotten_is_let_go_of_before_the_database_is_reached(store):
    """However long that takes."""
    alone, held = threading.Event(), []

    def open_marks():
        assert alone.wait(30)
        held.append(wish())
        return store

    recorder = TrendsRecorder(open_marks, Counting(), lambda: MAY)
    recorder.publish(Said("a").user("share").events[0])
    event = Event(event=FORGETS, sender_id="a")
    wish = weakref.ref(event)
    recorder.publish(event)
    del event
    alone.set()
    recorder.stop()
    assert held == [None]


class Event(dict):
    """An event of which can be told whether anybody still has it."""


def test_what_is_forgotten_before_it_was_written_never_is(recorder, store):
    said = Said("a").user("share", concern=["money"]).user("delete_my_data").reset()
    said.to(recorder)
    assert counted(store) == {}


def test_keys_die_with_the_freeze(recorder, store, month):
    Said("a").user("share", concern=["money"]).to(recorder)
    before = recorder.counting.token("a", MAY, "people", "any")
    key = recorder.counting._keys[MAY]
    month.now = "2026-06"
    store.freeze([MAY], MAY)
    assert recorder.write_now()
    assert recorder.counting.periods() == [YEAR] or MAY not in recorder.counting.periods()
    assert set(key) == {0}
    assert recorder.counting.token("a", MAY, "people", "any") != before


def test_a_token_is_made_with_the_key_that_is_overwritten_and_not_with_a_copy(monkeypatch):
    used = []

    def digest(key, *more):
        used.append(key)
        return hmac.digest(key, *more)

    counting = Counting()
    monkeypatch.setattr("bot.trends.counting.hmac", SimpleNamespace(digest=digest))
    counting.token("a", MAY, "f", "v")
    counting.person("a", MAY)
    assert [key is counting._keys[MAY] for key in used] == [True, True]


def test_new_keys_give_other_tokens():
    first, second = Counting(), Counting()
    assert first.token("a", MAY, "f", "v") == first.token("a", MAY, "f", "v")
    tokens = {c.token("a", p, "f", "v") for c in (first, second) for p in (MAY, "2026-06")}
    assert len(tokens) == 4


# ------------------------------------------------------------------ slow, dead, full


def test_a_slow_database_slows_no_turn(store):
    waiting, go_on = threading.Event(), threading.Event()

    def slow() -> Marks:
        waiting.set()
        assert go_on.wait(30)
        return store

    recorder = TrendsRecorder(slow, Counting(), lambda: MAY, write_seconds=0.01)
    assert waiting.wait(10)
    for number in range(500):
        for event in Said(str(number)).user("share", concern=["money"]).events:
            recorder.publish(event)
    assert not go_on.is_set()  # every turn is over, and the database has not answered yet
    go_on.set()
    assert recorder.write_now(30)
    assert counted(store)["people any"] == 500
    recorder.stop()


def test_a_dead_database_loses_marks_only_when_too_many_wait(store, monkeypatch):
    monkeypatch.setattr(module, "MOST_UNWRITTEN", 30)
    alive = False

    def open_marks() -> Marks:
        if not alive:
            raise DatabaseError("no")
        return store

    recorder = TrendsRecorder(open_marks, Counting(), lambda: MAY, write_seconds=3600)
    for number in range(20):
        for event in Said(str(number)).user("share").events:
            recorder.publish(event)
    assert not recorder.write_now()
    alive = True
    assert recorder.write_now()
    assert counted(store) == {"people any": 15, "channel web": 15}
    assert recorder.lost == 10
    recorder.stop()


def test_a_table_that_somebody_holds_loses_no_mark_and_lets_replies_go_on(postgresql_server):
    """A reader, such as a tool that makes copies, keeps the table from being written anew."""
    url = new_database(postgresql_server)
    store = Marks.open(url)
    hurried = {"options": "-c lock_timeout=200ms"}
    recorder = TrendsRecorder(
        lambda: Marks(create_engine(url, future=True, connect_args=hurried)),
        Counting(),
        lambda: MAY,
        write_seconds=3600,
    )
    engine = create_engine(url, future=True)
    with engine.begin() as held:
        held.execute(text("LOCK TABLE marks IN ACCESS SHARE MODE"))
        for event in Said("a").user("share").events:
            recorder.publish(event)
        assert not recorder.write_now()
        for event in Said("b").user("share").events:
            recorder.publish(event)
        assert not recorder.write_now()
    engine.dispose()
    assert recorder.write_now()
    assert recorder.lost == 0
    assert counted(store)["people any"] == 2
    recorder.stop()
    store.close()


def test_a_full_queue_loses_events_and_raises_nothing(store, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 5)
    go_on = threading.Event()

    def slow() -> Marks:
        assert go_on.wait(30)
        return store

    recorder = TrendsRecorder(slow, Counting(), lambda: MAY, write_seconds=0)
    time.sleep(0.05)  # until the thread waits for the database
    for event in Said("a").user("share").events * 50:
        recorder.publish(event)
    assert recorder.lost >= 40
    go_on.set()
    recorder.stop()


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": "user", "sender_id": "a", "input_channel": "web", "parse_data": None},
        {"event": "user", "sender_id": "a", "input_channel": "web", "parse_data": {"intent": 5}},
        {"event": "bot", "sender_id": None, "metadata": []},
        {"event": "user", "input_channel": ["web"], "parse_data": {"intent": {"name": "share"}}},
    ],
)
def test_a_strange_event_stops_nothing(event, recorder, store):
    recorder.publish(event)
    Said("b").user("share").to(recorder)
    assert counted(store)["people any"] == 1


def test_what_waits_is_written_when_the_assistant_stops(url, month):
    recorder = TrendsRecorder(lambda: Marks.open(url), Counting(), month, write_seconds=3600)
    for event in Said("a").user("share").events:
        recorder.publish(event)
    recorder.stop()
    store = Marks.open(url)
    assert counted(store) == {"people any": 1, "channel web": 1}
    store.close()


# ------------------------------------------------------------------ the real agent


@pytest.fixture
def counted_person(agent, loop, request, url, month, monkeypatch):
    """Return somebody who talks to the agent over a channel that is counted."""
    recorder = TrendsRecorder(lambda: Marks.open(url), Counting(), month, write_seconds=3600)
    monkeypatch.setattr(agent.tracker_store, "event_broker", recorder)
    monkeypatch.setattr("tests.conftest.CHANNEL", "web")
    person = Person(agent, loop, conversation=f"{request.node.name} {url}")
    person.recorder = recorder
    yield person
    recorder.stop()


def test_the_agent_has_our_recorder(agent):
    assert isinstance(agent.tracker_store.event_broker, TrendsRecorder)


@pytest.mark.parametrize(
    "wrong",
    ["", "event_broker:\n  type: bot.no.Broker\n", "event_broker:\n  type: file\n"],
    ids=["none", "mistyped", "another"],
)
def test_without_our_recorder_nothing_starts(wrong, loop, tmp_path):
    text = (ROOT / "endpoints.yml").read_text(encoding="utf-8")
    ours = "event_broker:\n  type: bot.trends.recorder.TrendsRecorder\n"
    assert ours in text
    path = tmp_path / "endpoints.yml"
    path.write_text(text.replace(ours, wrong), encoding="utf-8")
    ours_alone = r"must be bot\.trends\.recorder\.TrendsRecorder|only one of ours"
    with pytest.raises((NotOurPartError, LeakError), match=ours_alone):
        loop.run(load_our_agent(endpoints=path))


def test_a_real_conversation_is_counted_and_holds_no_word(counted_person, store, url, tmp_path):
    person = counted_person
    person.open()
    person.say("i cover two wards on nights and i never sleep, xyzzy-canary")
    person.say("does the unit tell my supervisor")
    with population(tmp_path / "trends.yml"):
        person.say("im an FY2")
        assert person.recorder.write_now()
    person.say("how do i contact the unit in wales")
    assert person.recorder.write_now()
    found = counted(store)
    assert found["people any"] == 1
    assert found["channel web"] == 1
    assert found["concern sleep_fatigue"] == 1
    assert found["question ask_who_is_told"] == 1
    assert found["way listened"] == found["way asked_about_unit"] == 1
    assert found["way saw_contact"] == 1
    assert found["grade foundation"] == 1
    assert "xyzzy" not in str(stored(url))


def test_a_second_maybe_is_counted_as_not_now(counted_person, store):
    person = counted_person
    person.open()
    until_offered(person)
    person.say("ok maybe")
    assert person.recorder.write_now()
    assert "way said_not_now" not in counted(store)
    person.say("ok maybe")
    assert person.recorder.write_now()
    assert counted(store)["way said_not_now"] == 1


def test_a_real_wish_to_be_forgotten_takes_the_marks_back(counted_person, store):
    person = counted_person
    person.open()
    person.say("i cover two wards on nights and i never sleep")
    assert person.recorder.write_now()
    assert counted(store)["people any"] == 1
    person.say("please delete everything you have about me")
    assert person.recorder.write_now()
    assert counted(store) == {}


def test_a_card_instead_of_an_answer_is_not_counted(counted_person, store, monkeypatch):
    """A failure is nobody's distress; the dashboard says so."""

    async def crash(*_: object) -> None:
        raise RuntimeError

    person = counted_person
    person.open()
    person.say("my rota is awful and i am tired")
    with monkeypatch.context() as patch:
        patch.setattr(person.agent, "handle_message", crash)
        person.say("and the nights")
    assert person.seen[-1] == fallback_bubbles()
    assert person.recorder.write_now()
    found = counted(store)
    assert found["people any"] == 1
    assert "help_card any" not in found


def test_a_dead_database_never_reaches_the_person(agent, loop, monkeypatch, request):
    def dead() -> Marks:
        raise DatabaseError("the database is down")

    recorder = TrendsRecorder(dead, Counting(), lambda: MAY, write_seconds=0)
    monkeypatch.setattr(agent.tracker_store, "event_broker", recorder)
    monkeypatch.setattr("tests.conftest.CHANNEL", "web")
    person = Person(agent, loop, conversation=request.node.name)
    person.open()
    person.say("i cover two wards on nights and i never sleep")
    assert not recorder.write_now()
    person.say("does the unit tell my supervisor")
    assert person.slot("turn") == 3
    assert fallback_bubbles() not in person.seen
    recorder.stop()


def test_every_channel_that_is_counted_is_one_of_ours():
    assert set(CHANNELS) == {"web", "telegram"}


def test_what_is_watched_for_is_what_the_agent_says_and_does():
    """A response, action or intent that is renamed must not silently stop being counted."""
    domain = {
        path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in DOMAIN.glob("*.yml")
    }
    said = [name for file in domain.values() for name in file.get("responses") or {}]
    for beginning in (*CONTACTS, *DECLINED, *HANDED_OVER, *HELP_CARDS):
        assert any(name.startswith(beginning) for name in said), beginning
    assert set(WAY_OF_ACTION) <= set(domain["slots.yml"]["actions"])
    assert set(ABOUT_THE_UNIT) <= set(questions())
    assert {*WAY_OF_ACTION.values(), "saw_contact"} == set(WAYS)
    intents = {next(iter(intent)) for intent in domain["intents.yml"]["intents"]}
    assert {OPENING, ABOUT_THEMSELVES, *NOT_COUNTED} <= intents

"""Handing over to a unit, met as a trainee meets it; the unit answers through its own inbox."""

import asyncio
import json
import re
import secrets
import time

import pytest
from rasa.shared.core.events import SlotSet
from sqlalchemy import func, select

from actions.local_facts import WARNING_RESPONSES
from bot.channels import conversation
from bot.channels.confidant import Confidant
from bot.channels.conversation import as_text, ask_agent
from bot.channels.fixed import fixed
from bot.deanery import deaneries
from bot.dialogue import in_confidence as confidence
from bot.dialogue.referral import BEGUN, FOR_THE_UNIT, is_sealed
from bot.privacy.lifetimes import LIFE_SECONDS
from bot.referrals.desk import desk
from bot.referrals.errors import DeskUnavailable
from bot.referrals.receipts import read_receipt
from bot.referrals.tables import tickets, transaction
from tests.conftest import Person
from tests.referral_unit import Unit

NOTE = "I dread Mondays and I have not told anybody at work about it, not even my flatmate"
NUMBERS = ("999", "116 123")


@pytest.fixture
def unit(referrals_database):
    """Return the unit in Wales."""
    return Unit(referrals_database)


@pytest.fixture
def wales(unit, person_in):
    """Return somebody in Wales, whose unit takes tickets."""
    person = person_in("wales")
    person.open()
    return person


STEPS = {
    "the offer": ("how do i get in touch with the psu",),
    "topic": ("[Yes]",),
    "another topic": ("[Things at work]",),
    "help": ("[That's all]",),
    "way": ("[Someone to talk]",),
    "answer by": ("[I'll use a receipt]",),
    "note": ("[In writing]",),
    "summary": (NOTE,),
    "change": ("[Change something]",),
}
"""Each step, and what leads to it from the one before."""

CONTACT_STEPS = {
    "answer by, with contact": ("[Here is how]",),
    "contact": ("[By phone]",),
}


def go_to(person, step):
    """Bring somebody to a step of the choices."""
    if step in CONTACT_STEPS:
        go_to(person, "way")
        for name, leads in CONTACT_STEPS.items():
            do(person, leads)
            if name == step:
                return
    for name, leads in STEPS.items():
        do(person, leads)
        if name == step:
            return


def do(person, steps):
    for step in steps:
        person.press(step[1:-1]) if step.startswith("[") else person.say(step)


def send(person):
    """Go all the way with a note, and return the receipt."""
    go_to(person, "summary")
    person.press("Send it")
    return shown_receipt(person)


def shown_receipt(person):
    found = [r for b in person.seen[-1] if (r := read_receipt(b.text))]
    assert len(found) == 1, person.text
    return found[0]


def said_in(person):
    """Return the names of the responses of the last turn."""
    return {name for bubble in person.seen[-1] for name in bubble.said}


def draft_of(person):
    return {name: person.slot(name) for name in BEGUN if person.slot(name)}


def kept_values(person):
    """Return every value that the held conversation's events give a slot of what is for a unit."""
    tracker = person.loop.run(person.agent.tracker_store.retrieve(person.conversation))
    held = [e for e in tracker.events if isinstance(e, SlotSet) and e.key in FOR_THE_UNIT]
    return [value for e in held for value in (e.value if isinstance(e.value, list) else [e.value])]


def count(engine):
    with transaction(engine) as connection:
        return connection.scalar(select(func.count()).select_from(tickets))


def another(person):
    """Return the same person in a new conversation."""
    new = Person(person.agent, person.loop, conversation=secrets.token_hex(8))
    new.open()
    return new


# Two ways on


def test_a_receipt_leads_to_the_answer_a_reply_and_the_end(wales, unit):
    do(wales, ("how do i get in touch with the psu",))
    assert "heiw.nhs.wales" in wales.text
    do(wales, ("[Yes]", "[Things at work]", "[Exams]", "[That's all]", "[Coaching]"))
    assert "Two ways on" in wales.text
    do(wales, ("[I'll use a receipt]", "[In writing]", NOTE))
    for words in ("Things at work; Exams or progression", "Coaching", "sealed", "I'll use a"):
        assert words in wales.text
    assert NOTE not in wales.text
    assert count(unit.engine) == 0
    wales.press("Send it")
    receipt = shown_receipt(wales)
    assert re.search(r"\d{4} \d{4} \d{4} \d{4}", wales.text)
    wales.press("I've kept it")
    (ticket,) = unit.tickets()
    assert ticket.choices.topics == ("work", "exams")
    assert (ticket.choices.help, ticket.choices.answer_by) == (("coaching",), "here")
    assert (ticket.note, ticket.contact) == (NOTE, None)
    assert ticket.answerable

    unit.answer("Thank you for writing. Would Thursday suit you?")
    later = another(wales)
    later.press("I have a receipt")
    later.say(f"my receipt is {receipt}")
    assert "Would Thursday suit you?" in later.text
    assert receipt not in later.text
    later.press("Write to them")
    later.say("Thursday is good, after five")
    assert "Sealed" in later.text
    (ticket,) = unit.tickets()
    assert [m.text for m in ticket.messages][-1] == "Thursday is good, after five"

    later.press("That's all")
    later.say(receipt)
    later.press("End it for good")
    later.press("No, keep it")
    later.press("End it for good")
    assert len(later.press("Yes, end it")) == 1
    assert count(unit.engine) == 0
    later.say(receipt)
    assert "nothing under that number" in later.text


def test_a_way_to_be_reached_is_sealed_after_saying_who_reads_it(wales, unit):
    go_to(wales, "contact")
    texts = [b.text for b in wales.seen[-1]]
    reads = next(i for i, t in enumerate(texts) if "who reads it" in t)
    asks = next(i for i, t in enumerate(texts) if "How can they reach you" in t)
    assert reads < asks
    assert any("without your consent" in t for t in texts)
    wales.say("Sam, 07700 900123, after six")
    assert "could tell who someone is" not in wales.text
    wales.press("Leave it out")
    assert "How to reach you: sealed" in wales.text
    assert "07700" not in wales.text
    wales.press("Send it")
    assert read_receipt(wales.text) is None
    (ticket,) = unit.tickets()
    assert ticket.contact == "Sam, 07700 900123, after six"
    assert (ticket.note, ticket.choices.answer_by) == (None, "phone")
    assert not ticket.answerable


def test_everything_can_be_left_out(wales, unit):
    do(wales, ("how do i get in touch with the psu", "[Yes]", "[Leave it out]", "[Leave it out]"))
    do(wales, ("i'd rather not say", "[Leave it out]", "[Leave it out]", "[Send it]"))
    shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert (ticket.choices.topics, ticket.choices.help, ticket.choices.answer_by) == ((), (), None)
    assert (ticket.note, ticket.contact) == (None, None)


def test_it_can_be_done_in_words(wales, unit):
    go_to(wales, "topic")
    for words in ("the rota", "and exams", "no", "coaching i think", "a receipt please"):
        wales.say(words)
    for words in ("in writing", "nothing to add", "yes please"):
        wales.say(words)
    shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert ticket.choices.topics == ("work", "exams")
    assert (ticket.choices.help, ticket.choices.answer_by) == (("coaching",), "here")
    assert ticket.note is None


def test_the_menu_leads_there_too(wales):
    wales.say("start again")
    wales.press("Pass something")
    assert "Shall we start?" in wales.text
    wales.press("Start")
    assert "What's it about?" in wales.text


# Nothing in clear


def test_the_agent_never_has_in_clear_what_is_meant_for_the_unit(wales, unit, monkeypatch):
    given = []
    right = wales.agent.handle_message

    async def handle(message, **more):
        answer = await right(message, **more)
        tracker = await wales.agent.tracker_store.retrieve(message.sender_id)
        given.append(json.dumps([message.text, message.parse_data, message.metadata]))
        given.append(json.dumps([e.as_dict() for e in tracker.events]))
        return answer

    monkeypatch.setattr(wales.agent, "handle_message", handle)
    go_to(wales, "contact")
    do(wales, ("call me on 07700 900321", NOTE, "[Change something]", "[The way on]"))
    do(wales, ("[I'll use a receipt]", "[I'll ring]", "[Send it]"))
    receipt = shown_receipt(wales)
    unit.answer("Our answer to you is Aberdaron")
    wales.say(f"here it is, {receipt}")
    assert "Aberdaron" in wales.text
    do(wales, ("[Write to them]", "my reply is Llanidloes"))
    wales.press("Write more")
    wales.say("Harlech: my consultant screams at me in front of the whole ward every day")
    assert is_sealed(wales.slot("referral_reply"))
    assert len(given) > 20
    held = "".join(given)
    groups = re.findall("....", receipt)
    words = (NOTE, "Mondays", "900321", "Aberdaron", "Llanidloes", "Harlech", "screams")
    for secret in (*words, receipt, " ".join(groups)):
        assert secret not in held


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("note", "Harlech, I keep thinking about killing myself"),
        ("note", "Harlech, my consultant screams at me in front of the whole ward every day"),
        ("contact", "I am at Harlech on 07700 900321, and I want to kill myself"),
    ],
)
def test_words_for_the_unit_that_are_answered_first_reach_the_agent_covered(
    wales, monkeypatch, step, words
):
    given = []
    right = wales.agent.handle_message

    async def handle(message, **more):
        given.append(json.dumps([message.text, message.parse_data, message.metadata]))
        return await right(message, **more)

    go_to(wales, step)
    monkeypatch.setattr(wales.agent, "handle_message", handle)
    wales.say(words)
    assert any(number in wales.text for number in NUMBERS)
    (message,) = given
    assert json.loads(message)[0] == " ".join("•" for _ in words.split())
    for secret in ("Harlech", "screams", "kill", "900321"):
        assert secret not in message
    said = fixed("utter_shared_too_much")
    assert any(b.text == said for b in wales.seen[-1]) == ("900321" in words)


def test_forgetting_lets_go_of_the_open_ticket(wales, unit):
    receipt = send(wales)
    wales.say(receipt)
    assert confidence.in_confidence().opened(wales.conversation) is not None
    wales.say("please delete everything about me")
    assert "only its receipt" in wales.text
    assert confidence.in_confidence().opened(wales.conversation) is None
    assert count(unit.engine) == 1


# Interruptions, at every step

ALL_STEPS = [*STEPS, *CONTACT_STEPS]


@pytest.mark.parametrize("step", ALL_STEPS)
def test_not_now_leaves_it_and_nothing_goes(wales, unit, step):
    go_to(wales, step)
    wales.say("not now")
    assert draft_of(wales) == {}
    assert wales.slot("requested_slot") is None
    assert count(unit.engine) == 0
    if step != "the offer":
        assert fixed("utter_referral_dropped")[:7] in wales.text or "Left, then" in wales.text


@pytest.mark.parametrize("step", ALL_STEPS)
def test_a_question_is_answered_and_the_step_asked_again(wales, step):
    go_to(wales, step)
    asked, before = wales.slot("requested_slot"), draft_of(wales)
    wales.say("would my supervisor be told?")
    assert "upervisor" in wales.text
    assert wales.slot("requested_slot") == asked
    assert draft_of(wales) == before
    assert wales.seen[-1][-1].buttons


@pytest.mark.parametrize("step", ALL_STEPS)
def test_a_crisis_comes_first_and_nothing_is_sealed_or_lost(wales, unit, step):
    go_to(wales, step)
    before = draft_of(wales)
    bubbles = wales.say("I keep thinking about killing myself")
    assert all(number in bubbles[0].text for number in NUMBERS)
    assert wales.slot("requested_slot") is None
    assert draft_of(wales) == before
    told = any(b.text == fixed("utter_referral_kept_back") for b in bubbles)
    assert told == (step in ("note", "contact"))
    assert count(unit.engine) == 0
    wales.say("how do i get in touch with the psu")
    assert "sealed" not in wales.text


@pytest.mark.parametrize("step", ALL_STEPS)
def test_a_wish_for_help_now_is_answered_at_once(wales, step):
    go_to(wales, step)
    bubbles = wales.say("help me")
    assert all(number in bubbles[0].text for number in NUMBERS)
    assert wales.slot("requested_slot") is None


@pytest.mark.parametrize("step", ALL_STEPS)
def test_after_an_hour_there_is_nothing_left_and_nothing_goes(wales, unit, step, monkeypatch):
    go_to(wales, step)
    store = wales.agent.tracker_store
    monkeypatch.setattr(store, "_clock", lambda: time.monotonic() + LIFE_SECONDS + 1)
    wales.say("yes please send it")
    left = draft_of(wales)
    wales.loop.run(store.delete(wales.conversation))  # it was used in the future
    assert left == {}
    assert count(unit.engine) == 0


@pytest.mark.parametrize("step", ALL_STEPS)
def test_starting_over_leaves_it(wales, unit, step):
    go_to(wales, step)
    wales.say("start again from the beginning")
    assert wales.slot("requested_slot") is None
    assert count(unit.engine) == 0


def test_after_the_crisis_it_can_be_taken_up_where_it_was(wales, unit):
    go_to(wales, "note")
    wales.say("I keep thinking about killing myself")
    wales.say("no")
    wales.say("would it cost anything?")
    wales.say("how do i get in touch with the psu")
    assert "still here" in wales.text or "unsent" in wales.text
    wales.say("yes")
    assert wales.slot("requested_slot") == "referral_note"
    do(wales, (NOTE, "[Send it]"))
    (ticket,) = unit.tickets()
    assert (ticket.choices.topics, ticket.note) == (("work",), NOTE)


def test_a_doubt_about_safety_is_asked_after_before_a_note_is_taken(wales, unit, monkeypatch):
    go_to(wales, "note")
    recognition = wales.agent.processor.recognition
    parse = recognition._parse

    def uneasy(messages):
        found = parse(messages)
        for data in found:
            data["risk_scores"] = {**(data.get("risk_scores") or {}), "own": 0.3}
        return found

    monkeypatch.setattr(recognition, "_parse", uneasy)
    wales.say("my rota is unfair and the leave was refused again this month")
    assert wales.slot("asked") == "safe_now"
    assert wales.slot("referral_note") is None
    assert wales.seen[-1][0].text == fixed("utter_referral_kept_back")
    monkeypatch.undo()
    wales.press("I'm safe")
    assert wales.slot("asked") == "referral"


def test_what_is_typed_for_the_unit_is_no_answer_to_us(wales, unit):
    go_to(wales, "note")
    wales.say("nothing helps any more and nobody covers my leave")
    assert "Your own words: sealed" in wales.text


# A change of mind


def test_each_part_can_be_changed_before_sending(wales, unit):
    go_to(wales, "summary")
    do(wales, ("[Change something]", "[What it's about]", "[My career]", "[That's all]"))
    do(wales, ("[Change something]", "[The help]", "[Practical advice]"))
    do(wales, ("[Change something]", "[How they answer]", "[I'll ring them]"))
    do(wales, ("[Change something]", "[My own words]", "other words than before, for the unit"))
    do(wales, ("[Change something]", "[Nothing after all]", "[Send it]"))
    shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert ticket.choices.topics == ("career",)
    assert (ticket.choices.help, ticket.choices.answer_by) == (("advice",), "ring")
    assert ticket.note == "other words than before, for the unit"


def test_a_receipt_can_take_the_place_of_the_contact(wales, unit):
    go_to(wales, "contact")
    do(wales, ("[Use a receipt]", "[In writing]", "[Leave it out]", "[Send it]"))
    shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert ticket.contact is None


def test_the_contact_goes_when_the_way_is_changed(wales, unit):
    go_to(wales, "contact")
    do(wales, ("sam@example.org", "[Leave it out]", "[Change something]", "[The way on]"))
    do(wales, ("[I'll use a receipt]", "[In writing]", "[Send it]"))
    shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert ticket.contact is None


@pytest.mark.parametrize("words", ["[Drop it]", "drop it", "please delete that"])
def test_it_can_be_dropped(wales, unit, words):
    go_to(wales, "summary")
    do(wales, (words,))
    assert draft_of(wales) == {}
    assert count(unit.engine) == 0
    assert kept_values(wales) == []


def test_what_was_handed_over_is_not_held_any_more(wales, unit):
    go_to(wales, "summary")
    assert {"work", "talk", "receipt"} <= {str(value) for value in kept_values(wales)}
    wales.press("Send it")
    assert shown_receipt(wales)
    assert kept_values(wales) == []


@pytest.mark.parametrize("words", ["yes but change the note", "don't send it yet", "wait"])
def test_half_a_yes_does_not_send(wales, unit, words):
    go_to(wales, "summary")
    wales.say(words)
    assert count(unit.engine) == 0
    assert wales.slot("requested_slot") == "referral_change"


# Deaneries


def test_the_warning_comes_before_anything_is_asked(referrals_database, person_in):
    Unit(referrals_database, "east_midlands")
    person = person_in("east_midlands")
    person.open()
    person.say("start again")
    person.press("Pass something")
    texts = [b.text for b in person.seen[-1]]
    assert "educator" in texts[0]
    assert "Shall we start?" in texts[-1]


def test_where_it_is_discouraged_the_facts_come_first(referrals_database, person_in):
    Unit(referrals_database, "wessex")
    person = person_in("wessex")
    person.open()
    person.say("start again")
    person.press("Pass something")
    *facts, question = [b.text for b in person.seen[-1]]
    assert facts == [
        fixed(name, fact=text)
        for text, name in zip(deaneries()["wessex"].warnings(), WARNING_RESPONSES, strict=True)
    ]
    assert "one form that you and an educator fill in together" in facts[0]
    assert "tells your referrer, your programme director and the ARCP panel" in facts[1]
    assert "Shall we start?" in question


@pytest.mark.parametrize(
    ("deanery", "instead"), [("north_east", "Coachnet"), ("north_west", "deanery's site")]
)
def test_where_nothing_can_be_handed_over_what_exists_is_said(
    referrals_database, person_in, deanery, instead
):
    Unit(referrals_database, deanery)
    Unit(referrals_database, "wales")
    person = person_in(deanery)
    person.open()
    person.say("start again")
    person.press("Pass something")
    assert instead in person.text
    assert "Shall we start?" not in person.text
    assert person.slot("asked") != "referral"


def test_a_deanery_whose_unit_has_no_key_offers_a_message_to_copy(unit, person_in):
    person = person_in("thames_valley")
    person.open()
    person.say("how do i get in touch with the psu")
    assert "thamesvalley" in person.text
    assert person.slot("asked") == "message"


def test_without_any_key_nothing_is_different(person_in):
    person = person_in("wales")
    person.open()
    assert "I have a receipt" not in {b.title for b in person.seen[-1][-1].buttons}
    person.say("how do i get in touch with the psu")
    assert person.slot("asked") == "message"
    person.say("my receipt is 1234 5678 9012 3456")
    assert "utter_receipt_nowhere" in {name for bubble in person.seen[-1] for name in bubble.said}


def test_the_deanery_is_asked_for_first(unit, person):
    person.open()
    person.say("start again")
    person.press("Pass something")
    person.press("Wales")
    assert "Shall we start?" in person.text


# What can go wrong


def send_and_lose_the_turn(person):
    """Send, in a turn that is not stored."""

    async def fail(tracker):
        raise OSError("no")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(person.agent.tracker_store, "save", fail)
        person.press("Send it")


def test_a_turn_that_is_given_up_sends_no_second_ticket(wales, unit):
    go_to(wales, "summary")
    send_and_lose_the_turn(wales)
    wales.say("send it")
    receipt = shown_receipt(wales)
    assert count(unit.engine) == 1
    unit.answer("We had it once")
    wales.say(receipt)
    assert "We had it once" in wales.text


def send_unreached(person):
    """Send, and be told nothing of it: the connection was lost."""
    person.is_reached = False
    person.press("Send it")
    person.is_reached = True


def test_a_receipt_that_did_not_arrive_comes_with_the_next_message_which_is_answered_too(
    wales, unit
):
    go_to(wales, "summary")
    send_unreached(wales)
    lost = shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert ticket.unshown
    bubbles = wales.say("is it free?")
    assert "Here it is again" in bubbles[0].text
    assert "utter_answer_ask_cost" in said_in(wales)
    receipt = shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert (ticket.note, ticket.unshown) == (NOTE, False)
    unit.answer("We had it once")
    wales.say(lost)
    assert "We had it once" not in wales.text
    wales.say(receipt)
    assert "We had it once" in wales.text


def test_what_was_told_is_not_told_again(wales, unit):
    send(wales)
    wales.say("is it free?")
    assert "again" not in wales.seen[-1][0].text
    assert count(unit.engine) == 1


def test_the_same_press_again_after_nothing_arrived_shows_the_receipt_alone(wales, unit):
    go_to(wales, "summary")
    send_unreached(wales)
    wales._ask(payload='/choose{"referral_confirm": "send"}')
    shown_receipt(wales)
    assert {"utter_referral_told_again", "utter_referral_sent_receipt"} <= said_in(wales)
    assert "utter_unclear" not in " ".join(said_in(wales))
    assert count(unit.engine) == 1


def test_a_contact_of_which_nothing_arrived_is_told_again_and_goes_once(wales, unit):
    go_to(wales, "contact")
    do(wales, ("07700 900123", "[Leave"))
    send_unreached(wales)
    (before,) = unit.tickets()
    wales.say("did that go?")
    assert {"utter_referral_told_again_contact", "utter_referral_sent_contact"} <= said_in(wales)
    (ticket,) = unit.tickets()
    assert (ticket.id, ticket.contact) == (before.id, "07700 900123")
    wales.say("thanks")
    assert "utter_referral_told_again_contact" not in said_in(wales)


@pytest.mark.parametrize("words", ["i want to kill myself", "i was assaulted by my consultant"])
def test_a_crisis_or_a_harm_comes_before_a_receipt_that_did_not_arrive(wales, unit, words):
    go_to(wales, "summary")
    send_unreached(wales)
    wales.say(words)
    assert not [b for b in wales.seen[-1] if read_receipt(b.text)]
    assert any(number in wales.text for number in NUMBERS)
    assert wales.slot("referral_owed")


def test_help_now_comes_before_a_receipt_that_did_not_arrive(wales, unit):
    go_to(wales, "summary")
    send_unreached(wales)
    wales._ask(payload="/need_help_now")
    assert not [b for b in wales.seen[-1] if read_receipt(b.text)]
    assert all(number in wales.text for number in NUMBERS)


def test_what_was_handed_over_is_held_sealed_until_its_sender_is_told(wales, unit):
    go_to(wales, "summary")
    send_unreached(wales)
    assert is_sealed(wales.slot("referral_note"))
    assert not any(NOTE in str(value) for value in kept_values(wales))
    wales.say("hello")
    assert [value for value in kept_values(wales) if value is not None] == []


def test_no_database_while_a_receipt_is_owed_loses_nothing(wales, unit, monkeypatch):
    go_to(wales, "summary")
    send_unreached(wales)

    async def away(*_, **__):
        raise DeskUnavailable("away")

    for part in ("was_shown", "send"):
        monkeypatch.setattr(desk(), part, away)
        wales.say("is it free?")
        assert "utter_answer_ask_cost" in said_in(wales)
        assert ("utter_referral_told_later" in said_in(wales)) == (part == "send")
        assert wales.slot("referral_owed")
        monkeypatch.undo()
    wales.say("thanks")
    shown_receipt(wales)
    assert count(unit.engine) == 1


def test_a_key_lost_while_a_receipt_is_owed_takes_it_back_and_says_so(wales, unit):
    go_to(wales, "summary")
    send_unreached(wales)
    unit.lose_key()
    wales.say("is it free?")
    assert "utter_referral_told_anew" in said_in(wales)
    assert count(unit.engine) == 0
    assert draft_of(wales) == {}


@pytest.mark.parametrize(
    "words",
    [
        "I'm not ok at all",
        "yes i feel really low today",
        "i am sure nobody cares about me",
        "can you send me their number",
    ],
)
def test_words_that_hold_a_yes_are_answered_beside_a_receipt_that_is_owed(wales, unit, words):
    go_to(wales, "summary")
    send_unreached(wales)
    wales.say(words)
    others = [n for n in said_in(wales) if not n.startswith(("utter_referral", "utter_receipt"))]
    assert others
    assert count(unit.engine) == 1


@pytest.mark.parametrize("words", ["[drop]", "drop it", "please drop it"])
def test_what_may_have_gone_unseen_is_taken_back_when_it_is_dropped(wales, unit, words):
    go_to(wales, "summary")
    send_unreached(wales)
    wales._ask(payload="/drop_referral") if words == "[drop]" else wales.say(words)
    assert said_in(wales) == {"utter_referral_dropped"}
    assert count(unit.engine) == 0


def test_a_turn_that_was_given_up_is_taken_back_when_it_is_dropped_then(wales, unit):
    go_to(wales, "summary")
    send_and_lose_the_turn(wales)
    assert count(unit.engine) == 1
    wales._ask(payload='/choose{"referral_confirm": "drop"}')
    assert "utter_referral_dropped" in said_in(wales)
    assert count(unit.engine) == 0


def test_a_sending_that_is_under_way_is_taken_back_when_it_is_dropped(wales, unit, monkeypatch):
    go_to(wales, "summary")
    right = desk().send

    async def slow(*given, **more):
        await asyncio.sleep(1)
        return await right(*given, **more)

    monkeypatch.setattr(desk(), "send", slow)
    monkeypatch.setattr(conversation, "TURN_SECONDS", 0.3)
    wales.press("Send it")
    monkeypatch.setattr(conversation, "TURN_SECONDS", 25)
    wales._ask(payload='/choose{"referral_confirm": "drop"}')
    assert "utter_referral_dropped" in said_in(wales)
    wales.loop.run(asyncio.sleep(2))
    assert count(unit.engine) == 0


@pytest.mark.parametrize("words", ["please delete everything about me", "start again"])
def test_leaving_while_a_receipt_is_owed(wales, unit, words):
    go_to(wales, "summary")
    send_unreached(wales)
    wales.say(words)
    assert not [b for b in wales.seen[-1] if read_receipt(b.text)]
    if "delete" in words:
        assert "utter_forgotten" in said_in(wales)
        assert count(unit.engine) == 0
    else:
        assert wales.slot("referral_owed")


def test_not_now_while_a_receipt_is_owed_shows_it_all_the_same(wales, unit):
    go_to(wales, "summary")
    send_unreached(wales)
    wales.say("not now")
    shown_receipt(wales)


def test_another_receipt_typed_while_one_is_owed_opens_its_ticket(wales, unit):
    first = send(wales)
    unit.answer("To the first")
    go_to(wales, "summary")
    send_unreached(wales)
    wales.say(f"my receipt is {first}")
    assert "To the first" in wales.text
    assert "utter_referral_sent_receipt" in said_in(wales)


def test_after_an_hour_an_owed_ticket_is_the_units_to_find(wales, unit, monkeypatch):
    go_to(wales, "summary")
    send_unreached(wales)
    store = wales.agent.tracker_store
    monkeypatch.setattr(store, "_clock", lambda: time.monotonic() + LIFE_SECONDS + 1)
    wales.say("hello")
    assert not [b for b in wales.seen[-1] if read_receipt(b.text)]
    wales.loop.run(store.delete(wales.conversation))  # it was used in the future
    (ticket,) = unit.tickets()
    assert ticket.unshown


def test_a_hanging_database_does_not_hold_up_a_crisis_while_a_receipt_is_owed(
    wales, unit, monkeypatch
):
    go_to(wales, "summary")
    send_unreached(wales)

    async def hang(*_):
        await asyncio.sleep(60)

    monkeypatch.setattr(desk(), "was_shown", hang)
    wales.loop.run(
        asyncio.wait_for(
            ask_agent(
                wales.agent.handle_message,
                wales.conversation,
                "test",
                text="I am going to kill myself",
                confidant=Confidant(wales.agent),
            ),
            30,
        )
    )
    assert wales.slot("crisis") == "asked"


def test_a_slow_sending_is_found_again_and_not_begun_anew(wales, unit, monkeypatch):
    go_to(wales, "summary")
    right, sendings = desk().send, []

    async def slow(*given, **more):
        sendings.append(given)
        await asyncio.sleep(1)
        return await right(*given, **more)

    monkeypatch.setattr(desk(), "send", slow)
    monkeypatch.setattr(conversation, "TURN_SECONDS", 0.5)
    wales.press("Send it")
    assert "999" in wales.text
    monkeypatch.setattr(conversation, "TURN_SECONDS", 25)
    wales.say("send it")
    shown_receipt(wales)
    assert len(sendings) == count(unit.engine) == 1


def test_without_its_database_nothing_is_lost(wales, unit, monkeypatch):
    go_to(wales, "summary")

    async def away(*_, **__):
        raise DeskUnavailable("away")

    monkeypatch.setattr(desk(), "send", away)
    wales.press("Send it")
    assert "Nothing is lost" in wales.text
    monkeypatch.undo()
    wales.press("Try again")
    assert "sealed" in wales.text
    wales.press("Send it")
    shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert ticket.note == NOTE


def test_a_key_lost_meanwhile_asks_for_the_words_once_more(wales, unit):
    go_to(wales, "summary")
    unit.lose_key()
    wales.press("Send it")
    assert "changed its key" in wales.text
    assert wales.slot("requested_slot") == "referral_note"
    do(wales, (NOTE, "[Send it]"))
    shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert ticket.note == NOTE


def test_a_key_that_was_changed_meanwhile_is_no_trouble(wales, unit):
    go_to(wales, "summary")
    unit.rotate()
    wales.press("Send it")
    shown_receipt(wales)
    (ticket,) = unit.tickets()
    assert ticket.note == NOTE


def test_a_reply_that_did_not_get_through_is_held_sealed(wales, unit, monkeypatch):
    receipt = send(wales)
    unit.answer("Hello")
    wales.say(receipt)
    wales.press("Write to them")

    async def away(*_, **__):
        raise DeskUnavailable("away")

    monkeypatch.setattr(desk(), "reply", away)
    wales.say("my reply to you, which may wait")
    assert "didn't get through" in wales.text
    monkeypatch.undo()
    assert len(wales.press("Try once more")) == 1
    (ticket,) = unit.tickets()
    assert ticket.messages[-1].text == "my reply to you, which may wait"


def test_a_ticket_that_cannot_be_ended_now_is_let_go_of_and_ends_later(wales, unit):
    receipt = send(wales)
    wales.say(receipt)
    wales.press("End it for good")
    with unit.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE tickets RENAME TO hidden")
    wales.press("Yes, end it")
    with unit.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO tickets")
    assert "can't be reached" in wales.text
    assert confidence.in_confidence().opened(wales.conversation) is None
    assert count(unit.engine) == 1
    desk()._end_at_last()
    assert count(unit.engine) == 0


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("the rota came out late " * 500, id="too many characters"),
        pytest.param("\U0001f642\U0001f642 rota " * 1_200, id="too many bytes"),
    ],
)
def test_what_is_too_long_is_said_to_be(wales, unit, note):
    go_to(wales, "note")
    wales.say(note)
    assert "longer than I can seal" in wales.text
    assert wales.slot("requested_slot") == "referral_note"


# Receipts


def test_a_wrong_a_mistyped_and_too_many_receipts_are_told_apart_only_as_far_as_safe(
    wales, unit, monkeypatch
):
    async def no_wait(_):
        return None

    monkeypatch.setattr(desk(), "_sleep", no_wait)
    wales.press("I have a receipt")
    wales.say("1234 5678 9012 345")
    assert "sixteen digits" in wales.text
    for _ in range(6):
        wales.say("1234 5678 9012 3456")
        assert "nothing under that number" in wales.text
    wales.say("1234 5678 9012 3456")
    assert "Too many numbers" in wales.text


@pytest.mark.parametrize("part", ["open", "answers"])
def test_whatever_fails_somebody_is_answered_and_nothing_is_told(wales, unit, monkeypatch, part):
    receipt = send(wales)

    async def fail(*given, **_):
        raise RuntimeError(str(given))

    monkeypatch.setattr(desk(), part, fail)
    wales.say(receipt)
    assert wales.text
    assert receipt not in wales.text
    assert ("999" in wales.text) == (part == "open")


def test_no_receipt_is_opened_in_a_crisis(wales, unit):
    receipt = send(wales)
    unit.answer("An answer that can wait")
    bubbles = wales.say(f"my receipt is {receipt} and I want to kill myself")
    assert all(number in bubbles[0].text for number in NUMBERS)
    wales.say(f"my receipt is {receipt}")
    assert "can wait" not in wales.text
    assert wales.slot("crisis") in ("asked", "staying")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("i have a receipt", "sixteen digits"),
        ("i lost my receipt", "I keep no copy"),
        ("can you refer me please", "Shall we start?"),
        ("pass this on to the psu", "Shall we start?"),
    ],
)
def test_asking_for_it_in_words_leads_there(wales, words, answer):
    wales.say(words)
    assert answer in wales.text


def test_an_unanswered_and_a_closed_ticket_say_so(wales, unit):
    receipt = send(wales)
    wales.say(receipt)
    assert "no answer from the unit yet" in wales.text
    (ticket,) = unit.tickets()
    unit.inbox.close(unit.unlocked, ticket.id)
    wales.say(receipt)
    assert "has closed it" in wales.text


def test_a_risk_in_a_reply_is_answered_and_not_sent(wales, unit):
    receipt = send(wales)
    wales.say(receipt)
    wales.press("Write to them")
    bubbles = wales.say("please hurry, I am going to kill myself tonight")
    assert all(number in bubbles[0].text for number in NUMBERS)
    assert any(b.text == fixed("utter_referral_kept_back") for b in bubbles)
    (ticket,) = unit.tickets()
    assert len(ticket.messages) == 0


def test_a_question_before_a_reply_leads_back_to_it(wales, unit):
    receipt = send(wales)
    wales.say(receipt)
    wales.press("Write to them")
    wales.say("are you a real person?")
    assert wales.slot("asked") == "reply"
    wales.press("Rather not")
    assert wales.slot("asked") == "open"
    (ticket,) = unit.tickets()
    assert len(ticket.messages) == 0


def test_a_question_in_a_reply_is_one_to_the_unit(wales, unit):
    receipt = send(wales)
    wales.say(receipt)
    wales.press("Write to them")
    wales.say("would my supervisor be told?")
    (ticket,) = unit.tickets()
    assert ticket.messages[-1].text == "would my supervisor be told?"


def test_a_question_is_never_taken_for_a_way_to_be_reached(wales):
    go_to(wales, "contact")
    wales.say("who gets to read that then?")
    assert wales.slot("referral_contact") is None
    assert wales.slot("requested_slot") == "referral_contact"


def test_commands_are_no_way_around(wales, unit):
    go_to(wales, "note")
    wales.say('/give_sealed{"referral_note": "in clear"}')
    assert wales.slot("referral_note") != "in clear"
    assert as_text("/x") == "x"

"""What comes between while a receipt is used: a question, a crisis, a change of mind, an hour."""

import time

import pytest

from bot.dialogue import in_confidence as confidence
from bot.privacy.lifetimes import LIFE_SECONDS
from bot.referrals.receipts import read_receipt
from tests.test_referral_conversation import NUMBERS, count, send, unit, wales

__all__ = ["unit", "wales"]  # the fixtures

STEPS = {
    "asked for": ("/receipt",),
    "read": (),
    "reply asked for": ("[Write to them]",),
    "reply held": ("a lunchtime would suit me best, if that can be done",),
    "end asked for": ("[End it for good]",),
}
"""Each step, and what leads to it once the receipt was typed; to the first, before."""


def go_to(person, unit, step):
    """Bring somebody with a sent ticket and an answer to a step; return the receipt."""
    receipt = send(person)
    unit.answer("We can meet on Monday")
    if step == "asked for":
        person._ask(payload="/have_receipt")
        return receipt
    person.say(receipt)
    for words in STEPS[step]:
        person.press(words[1:-1]) if words.startswith("[") else person.say(words)
    return receipt


def state(person):
    return person.slot("asked"), confidence.in_confidence().opened(person.conversation) is not None


def messages(unit):
    (ticket,) = unit.tickets()
    return [message.text for message in ticket.messages]


@pytest.mark.parametrize("step", STEPS)
def test_a_question_to_us_is_answered_and_nothing_is_lost_or_sent(wales, unit, step):
    go_to(wales, unit, step)
    before, waiting = state(wales), wales.slot("referral_reply")
    wales.say("are you a real person?")
    assert "program" in wales.text
    assert state(wales)[1] == before[1]
    assert wales.slot("referral_reply") == waiting
    assert messages(unit) == ["We can meet on Monday"]
    assert wales.seen[-1][-1].buttons or wales.seen[-1][-1].text.endswith(("?", "."))


@pytest.mark.parametrize("step", STEPS)
def test_a_crisis_comes_first_and_nothing_is_sent_or_ended(wales, unit, step):
    receipt = go_to(wales, unit, step)
    bubbles = wales.say("I keep thinking about killing myself")
    assert all(number in bubbles[0].text for number in NUMBERS)
    assert wales.slot("crisis") == "asked"
    wales.say("yes")
    assert messages(unit) == ["We can meet on Monday"]
    for words in ("i've called them", "i'm safe now", receipt):
        wales.say(words)
    assert "We can meet on Monday" in wales.text


@pytest.mark.parametrize("step", STEPS)
def test_help_now_is_answered_at_once(wales, unit, step):
    go_to(wales, unit, step)
    bubbles = wales.say("help me")
    assert all(number in bubbles[0].text for number in NUMBERS)
    assert messages(unit) == ["We can meet on Monday"]


@pytest.mark.parametrize("step", STEPS)
def test_not_now_leaves_the_ticket_as_it_is(wales, unit, step):
    receipt = go_to(wales, unit, step)
    wales.say("not now")
    assert messages(unit) == ["We can meet on Monday"]
    wales.say(receipt)
    assert "We can meet on Monday" in wales.text


@pytest.mark.parametrize("step", STEPS)
def test_after_an_hour_the_ticket_is_shut_and_nothing_went(wales, unit, step, monkeypatch):
    receipt = go_to(wales, unit, step)
    store, held = wales.agent.tracker_store, confidence.in_confidence()
    with monkeypatch.context() as later:
        for kept in (store, held):
            later.setattr(kept, "_clock", lambda: time.monotonic() + LIFE_SECONDS + 1)
        wales.say("yes")
        assert "We can meet" not in wales.text
        assert held.opened(wales.conversation) is None
        wales.loop.run(store.delete(wales.conversation))  # it was used in the future
        held.let_go(wales.conversation)
    assert messages(unit) == ["We can meet on Monday"]
    wales.say(receipt)
    assert "We can meet on Monday" in wales.text


@pytest.mark.parametrize("step", STEPS)
def test_starting_over_ends_nothing_and_sends_nothing(wales, unit, step):
    go_to(wales, unit, step)
    wales.say("start again from the beginning")
    wales.say("yes")
    assert count(unit.engine) == 1
    assert messages(unit) == ["We can meet on Monday"]


@pytest.mark.parametrize("step", [step for step in STEPS if step != "asked for"])
def test_forgetting_shuts_it_and_says_what_stays(wales, unit, step):
    go_to(wales, unit, step)
    wales.say("please delete everything about me")
    assert confidence.in_confidence().opened(wales.conversation) is None
    if step == "end asked for":  # which it answers
        assert count(unit.engine) == 0
        return
    assert "only its receipt" in wales.text
    assert messages(unit) == ["We can meet on Monday"]


def test_a_change_of_mind_about_ending_and_about_writing(wales, unit):
    go_to(wales, unit, "end asked for")
    wales.say("no, keep it")
    assert count(unit.engine) == 1
    wales.say("i want to write to them")
    assert wales.slot("asked") == "reply"
    wales.say("actually no, i don't want to")
    assert messages(unit) == ["We can meet on Monday"]
    assert wales.slot("referral_reply") is None


# In the minute after sending


def sent(person, way):
    """Hand something over with a receipt, or with how to be reached."""
    if way == "receipt":
        return send(person)
    person.say("how do i get in touch with the psu")
    for title in ("Yes", "Things at work", "That's all", "Someone", "Here is how", "By phone"):
        person.press(title)
    person.say("07700 900123")
    person.press("Leave")
    person.press("Send it")
    return None


def said(person):
    return {name for bubble in person.seen[-1] for name in bubble.said}


@pytest.mark.parametrize(
    ("way", "words", "answer"),
    [
        ("receipt", "did it go?", "utter_ticket_went_receipt"),
        ("receipt", "did it go through?", "utter_ticket_went_receipt"),
        ("receipt", "show me my receipt again please", "utter_ticket_again_receipt"),
        (
            "receipt",
            "oh no i closed it too soon i didnt write it down",
            "utter_ticket_again_receipt",
        ),
        ("receipt", "wait where do i keep this, i share a flat", "utter_receipt_explained"),
        ("receipt", "saved it", "utter_receipt_kept"),
        ("receipt", "ok got it", "utter_receipt_kept"),
        ("receipt", "have regret. please take back", "utter_ticket_back_receipt"),
        ("receipt", "I want to withdraw what I sent", "utter_ticket_back_receipt"),
        ("contact", "did it go?", "utter_ticket_went_contact"),
        ("contact", "show me my receipt", "utter_ticket_again_contact"),
        ("contact", "can I take it back", "utter_ticket_back_contact"),
    ],
)
def test_what_is_asked_after_sending_is_answered(wales, unit, way, words, answer):
    sent(wales, way)
    wales.say(words)
    assert answer in said(wales)
    assert not [b for b in wales.seen[-1] if read_receipt(b.text)]
    assert count(unit.engine) == 1


def test_one_question_after_the_other_is_answered_and_talk_goes_on(wales, unit):
    sent(wales, "receipt")
    for words, answer in (
        ("where is it safe", "utter_receipt_explained"),
        ("did it go?", "utter_ticket_went_receipt"),
        ("saved it", "utter_receipt_kept"),
    ):
        wales.say(words)
        assert answer in said(wales), words
    wales.say("im exhausted and nobody notices")
    assert "utter_receipt_kept" not in said(wales)
    assert "utter_unclear" not in said(wales)


def test_taking_it_back_is_done_with_the_receipt(wales, unit):
    receipt = sent(wales, "receipt")
    wales.say("can I take it back")
    wales.say(receipt)
    wales.press("Yes, end it")
    assert count(unit.engine) == 0


def test_wanting_to_take_it_back_is_no_error_with_a_patient(wales, unit):
    sent(wales, "receipt")
    wales.say("hello")
    wales.say("I want to withdraw what I sent")
    assert "utter_ticket_back_receipt" in said(wales)

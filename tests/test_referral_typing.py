"""Handing over, by people who type instead of pressing, change their minds and make slips."""

import secrets

import pytest

from bot.channels import typed_choices
from bot.channels.fixed import fixed
from bot.content import responses
from bot.dialogue import in_confidence as confidence
from bot.dialogue.referral import BEGUN
from tests.conftest import Person
from tests.test_crisis import doubt
from tests.test_referral_conversation import (
    ALL_STEPS,
    NOTE,
    NUMBERS,
    another,
    count,
    do,
    draft_of,
    go_to,
    said_in,
    send,
    unit,
    wales,
)

__all__ = ["unit", "wales"]

BULLIED = "my consultant bullies me on every ward round, shouting at me in front of everybody"


def questions(person):
    """Return how many of the bubbles that were said last ask something."""
    return sum("?" in bubble.text for bubble in person.seen[-1])


# Choices in words


@pytest.mark.parametrize(
    ("words", "topics"),
    [
        ("it's mostly the rota and how i feel", ["work", "feeling"]),
        ("exams, my rota & career", ["exams", "work", "career"]),
        ("work", ["work"]),
    ],
)
def test_several_topics_in_one_answer_are_taken_and_named(wales, words, topics):
    go_to(wales, "topic")
    wales.say(words)
    assert wales.slot("referral_topics") == topics
    assert all(fixed(f"utter_referral_topic_{topic}") in wales.text for topic in topics)
    assert questions(wales) == 1


@pytest.mark.parametrize(
    "words", ["thats everything", "no, nothing else", "nope", "that's it thanks"]
)
def test_no_more_topics_in_other_words(wales, words):
    go_to(wales, "another topic")
    wales.say(words)
    assert wales.slot("requested_slot") == "referral_help"


@pytest.mark.parametrize(
    ("step", "words", "slot", "value"),
    [
        ("help", "just someone to talk to please", "referral_help", "talk"),
        ("help", "no", "referral_help", "rather_not_say"),
        ("way", "they can call me", "referral_way", "contact"),
        ("answer by", "either really", "referral_answer_by", "rather_not_say"),
        ("answer by, with contact", "ring me", "referral_answer_by", "phone"),
        ("topic", "1 and 5", "referral_topics", ["feeling", "health"]),
        ("topic", "the shouting. and im knackered", "referral_topics", ["work", "feeling"]),
        ("help", "2", "referral_help", "coaching"),
        ("help", "someone to talk to, but what if they don't believe me", "referral_help", "talk"),
        ("way", "receipt i think, i dont want it on my record", "referral_way", "receipt"),
        ("way", "without my name", "referral_way", "receipt"),
        ("answer by", "here, not by email. no name", "referral_answer_by", "here"),
        ("answer by", "they can ring me", "referral_way", "contact"),
    ],
)
def test_a_choice_in_words_is_no_call_for_help_and_leaves_nothing(wales, step, words, slot, value):
    go_to(wales, step)
    wales.say(words)
    assert wales.slot(slot) == value
    assert NUMBERS[1] not in wales.text


def test_a_choice_that_calls_for_help_now_is_answered_as_one(wales):
    go_to(wales, "help")
    bubbles = wales.say("i need someone to talk to now, help")
    assert all(number in bubbles[0].text for number in NUMBERS)


@pytest.mark.parametrize("step", ["topic", "help", "way", "answer by", "summary"])
@pytest.mark.parametrize(
    "words", ["something else", "the second of those maybe not", "hmm dunno what"]
)
def test_what_is_not_understood_drops_nothing_and_asks_one_thing(wales, step, words):
    go_to(wales, step)
    wales.say(words)
    assert wales.slot("requested_slot") is not None
    assert "Dropped" not in wales.text
    assert "Left, then" not in wales.text
    assert questions(wales) <= 1


@pytest.mark.parametrize("step", ALL_STEPS[2:])
def test_taking_it_back_beside_a_doubt_is_heard_and_said(wales, unit, step):
    """From the first choice on: before it there is nothing to take back."""
    go_to(wales, step)
    wales.say_as("hm i have been having second thoughts", **doubt())
    assert NUMBERS[1] in wales.text
    wales.say("nah changed my mind. don't send anything")
    dropped = responses()["referral.yml"]["utter_referral_dropped"]
    assert wales.text in [variant["text"] for variant in dropped]
    assert wales.slot("crisis") == "no"
    assert not any(wales.slot(name) for name in BEGUN)
    assert count(unit.engine) == 0


def test_what_is_told_in_place_of_a_choice_is_said_to_be_no_part_of_it(wales, unit):
    go_to(wales, "way")
    wales.say("I have not slept properly since August and I feel flat all the time at home too")
    aside = [b.text for b in wales.seen[-1]]
    assert any("no part of" in text or "haven't put it in" in text for text in aside)
    assert questions(wales) == 1


@pytest.mark.parametrize(
    ("step", "before"),
    [
        ("another topic", "referral_topic"),
        ("help", "referral_topic"),
        ("way", "referral_help"),
        ("answer by", "referral_way"),
        ("answer by, with contact", "referral_way"),
        ("contact", "referral_answer_by"),
        ("note", "referral_answer_by"),
        ("summary", "referral_change"),
    ],
)
@pytest.mark.parametrize("how", ["hang on, go back", "can i go back please?", "[Back]"])
def test_going_back_asks_the_question_before(wales, step, before, how):
    go_to(wales, step)
    if how == "[Back]" and step == "summary":
        how = "back"
    do(wales, (how,))
    assert wales.slot("requested_slot") == before
    assert draft_of(wales) or before == "referral_topic"


def test_no_under_the_summary_asks_what_to_change_and_drops_nothing(wales):
    go_to(wales, "summary")
    wales.say("no note")
    assert wales.slot("requested_slot") == "referral_change"
    do(wales, ("[Nothing after all]", "actually no"))
    assert wales.slot("requested_slot") == "referral_change"
    wales.say("what i wrote")
    assert wales.slot("requested_slot") == "referral_note"


@pytest.mark.parametrize("words", ["change what i wrote", "can i change what i wrote?"])
def test_changing_the_note_in_words_is_no_harm(wales, words):
    go_to(wales, "summary")
    wales.say(words)
    assert wales.slot("requested_slot") == "referral_change"
    assert not wales.slot("routes_given")


@pytest.mark.parametrize("words", ["hang on can i see what i wrote", "show me my note"])
def test_what_is_sealed_is_said_to_be_out_of_sight(wales, words):
    go_to(wales, "summary")
    wales.say(words)
    assert fixed("utter_referral_not_shown") in wales.text
    assert wales.slot("requested_slot") == "referral_confirm"


# Questions about receipts


@pytest.mark.parametrize("step", ["way", "answer by", "summary"])
@pytest.mark.parametrize(
    "words", ["is the receipt anonymous?", "what is a receipt", "and what if i lose the receipt?"]
)
def test_a_question_about_receipts_is_answered_and_chooses_nothing(wales, step, words):
    go_to(wales, step)
    asked = wales.slot("requested_slot")
    wales.say(words)
    assert fixed("utter_receipt_what") in wales.text
    assert wales.slot("requested_slot") == asked


def test_what_a_receipt_is_can_be_asked_at_any_time(wales):
    wales.say("what is a receipt?")
    assert fixed("utter_receipt_what") in wales.text


# How to reach them


@pytest.mark.parametrize(
    "words", ["Please ring me", "it's sam", "my number", "ring me after 18:30"]
)
def test_a_way_to_be_reached_without_a_number_is_asked_for_again(wales, unit, words):
    go_to(wales, "contact")
    wales.say(words)
    assert fixed("utter_referral_no_address") in wales.text
    assert NUMBERS[1] not in wales.text
    assert wales.slot("requested_slot") == "referral_contact"
    do(wales, ("07700 900 123, Sam", "[Leave it out]", "[Send it]"))
    (ticket,) = unit.tickets()
    assert ticket.contact == "07700 900 123, Sam"


@pytest.mark.parametrize("words", ["someone please call me", "please help me"])
def test_who_calls_for_help_where_a_number_is_asked_for_is_answered(wales, words):
    go_to(wales, "contact")
    bubbles = wales.say(words)
    assert all(number in bubbles[0].text for number in NUMBERS)


def test_a_number_that_is_corrected_under_the_summary_takes_the_place_of_the_first(wales, unit):
    go_to(wales, "contact")
    do(wales, ("07700 900 123", "[Leave it out]", "wait i got the number wrong"))
    assert wales.slot("requested_slot") == "referral_contact"
    wales.say("its 07700 900124")
    assert "could tell who someone is" not in wales.text
    assert wales.slot("requested_slot") == "referral_confirm"
    wales.press("Send it")
    (ticket,) = unit.tickets()
    assert ticket.contact == "its 07700 900124"


# A note that is answered first


def test_a_note_that_tells_another_harm_is_held_sealed_and_need_not_be_typed_again(wales, unit):
    go_to(wales, "note")
    wales.say(BULLIED)
    assert wales.slot("routes_given")
    assert wales.seen[-1][0].text == fixed("utter_referral_held")
    assert BULLIED not in str(wales.slot("referral_held"))
    assert wales.slot("referral_note") is None
    wales.say("no")
    assert questions(wales) == 1  # the route's own; the unit waits
    wales.say("it has been going on since I started in that department")
    assert questions(wales) == 1
    wales.say("yes")
    assert "sealed" in wales.text
    wales.press("Put it in")
    do(wales, ("[Send it]",))
    (ticket,) = unit.tickets()
    assert ticket.note == BULLIED
    assert wales.slot("referral_held") is None


@pytest.mark.parametrize("words", ["yes", "use it", "as it is"])
def test_a_note_that_is_held_is_taken_in_words(wales, unit, words):
    go_to(wales, "note")
    do(wales, (BULLIED, "no", "it has gone on for months", "yes", words, "[Send it]"))
    (ticket,) = unit.tickets()
    assert ticket.note == BULLIED


def test_a_note_that_is_held_can_be_written_anew_or_left_out(wales, unit):
    go_to(wales, "note")
    do(wales, (BULLIED, "no", "it has gone on for months", "yes", NOTE, "[Send it]"))
    (ticket,) = unit.tickets()
    assert ticket.note == NOTE


def test_a_note_that_speaks_of_a_risk_to_life_is_not_held(wales):
    go_to(wales, "note")
    wales.say("I keep thinking about killing myself")
    assert wales.slot("referral_held") is None


# Receipts with slips


@pytest.mark.parametrize(
    "shown",
    [
        "{0}",
        "here you go {0}, has anyone answered",
        "{1}",
        "my receipt is {2} thanks",
    ],
)
def test_a_receipt_is_read_however_it_is_typed(wales, unit, shown):
    receipt = send(wales)
    digits = receipt.replace(" ", "")
    grouped = f"{digits[:4]} {digits[4:8]} {digits[8:12]} {digits[12:]}"
    later = another(wales)
    later.say(shown.format(grouped, digits, grouped.replace(" ", "-")))
    assert "no answer from the unit yet" in later.text


@pytest.mark.parametrize("words", ["4514 1554 4215 602", "451415544215602", "4514 1554 4215 60233"])
def test_a_digit_too_few_is_named_without_being_asked_for_a_receipt(wales, words):
    wales.say("hello there")
    wales.say(words)
    assert "sixteen digits" in wales.text


def test_a_phone_number_is_no_receipt_with_a_slip(wales):
    wales.say("0044 7700 900 123")
    assert "sixteen digits" not in wales.text


def test_a_lost_receipt_that_is_found_can_be_typed_at_once(wales, unit):
    receipt = send(wales)
    later = another(wales)
    later.say("i have a receipt")
    later.say("oh no, i can't find it")
    assert "I keep no copy" in later.text
    later.say(receipt[:-1])
    assert "sixteen digits" in later.text
    later.say(receipt)
    assert "no answer from the unit yet" in later.text


# A receipt, while something is handed over


STEPS_OF_THE_FORM = ("another topic", "way", "contact", "note", "summary")


@pytest.mark.parametrize("step", STEPS_OF_THE_FORM)
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("/receipt", "Type the sixteen digits"),
        ("I have a receipt", "Type the sixteen digits"),
        ("my receipt is 4514 1554 4215 602", "another number of them"),
        ("4514 1554 4215 60233", "another number of them"),
        ("I've lost my receipt", "I keep no copy"),
    ],
)
def test_who_turns_to_a_receipt_in_the_middle_loses_no_choice_and_gives_none_of_it_away(
    wales, unit, step, words, says
):
    go_to(wales, step)
    before = draft_of(wales)
    wales.say(words)
    assert says in wales.text
    assert questions(wales) <= 1
    assert (draft_of(wales), wales.slot("asked")) == (before, "receipt")
    wales.say("can i pass something on to the unit")
    wales.say("yes")
    assert draft_of(wales) == before


def test_the_button_of_telegrams_menu_does_the_same(wales):
    go_to(wales, "note")
    wales._ask(payload="/have_receipt")
    assert questions(wales) <= 1
    assert wales.slot("requested_slot") is None


def test_after_the_receipt_what_was_begun_is_offered_again(wales, unit):
    earlier = Person(wales.agent, wales.loop, "wales", conversation=secrets.token_hex(8))
    earlier.open()
    receipt = send(earlier)
    unit.answer("Would Thursday suit you?")
    go_to(wales, "note")
    wales.say("/receipt")
    wales.say(receipt)
    assert "Would Thursday suit you?" in wales.text
    wales.press("Leave it")
    assert wales.slot("asked") == "referral"
    wales.say("yes")
    assert wales.slot("requested_slot") == "referral_note"
    do(wales, ("the rota came out late again", "[Send it]"))
    assert {ticket.note for ticket in unit.tickets()} == {NOTE, "the rota came out late again"}


@pytest.mark.parametrize(
    ("step", "words", "slot", "value"),
    [
        ("way", "a receipt please", "referral_way", "receipt"),
        ("way", "receipt", "referral_way", "receipt"),
        ("contact", "a receipt instead", "referral_way", "receipt"),
    ],
)
def test_where_a_receipt_is_a_choice_it_stays_one(wales, step, words, slot, value):
    go_to(wales, step)
    wales.say(words)
    assert wales.slot(slot) == value


@pytest.mark.parametrize("step", ["note", "contact"])
def test_a_number_beside_the_word_is_sealed_where_more_is_told(wales, unit, step):
    go_to(wales, step)
    words = "Ring me on 07700 900123 after six and leave no message, as I lost the receipt I had"
    wales.say(words)
    assert wales.slot(f"referral_{step}")


# With an open ticket


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("can i add something", "utter_ask_reply"),
        ("yes please write to them", "utter_ask_reply"),
        ("i'd like to reply", "utter_ask_reply"),
        ("delete it then", "utter_ask_end_ticket"),
        ("can i take that back", "utter_ask_end_ticket"),
        ("don't delete it", "utter_ticket_left"),
        ("no, that's all", "utter_ticket_left"),
        ("leave it", "utter_ticket_left"),
    ],
)
def test_an_open_ticket_is_used_in_words(wales, unit, words, says):
    receipt = send(wales)
    wales.say(receipt)
    wales.say(words)
    assert fixed(says) in wales.text
    assert count(unit.engine) == 1


@pytest.mark.parametrize(
    "words", ["don't end it", "don’t end it", "do not delete it", "dont delete it"]
)
def test_ending_that_is_thought_better_of_in_words_ends_nothing(wales, unit, words):
    receipt = send(wales)
    do(wales, (receipt, "[End it for good]", words))
    assert fixed("utter_ticket_ended") not in wales.text
    assert wales.slot("asked") == "ticket"
    assert count(unit.engine) == 1


def test_ending_is_agreed_to_in_other_words(wales, unit):
    receipt = send(wales)
    do(wales, (receipt, "delete it"))
    assert count(unit.engine) == 1
    wales.say("delete it")
    assert "Ended" in wales.text
    assert count(unit.engine) == 0


def test_what_is_written_under_an_answer_is_sealed_and_asked_about(wales, unit):
    receipt = send(wales)
    unit.answer("Would Monday suit you?")
    wales.say(receipt)
    words = "ok monday works. can i ring at 8 instead?"
    wales.say(words)
    assert wales.text == fixed("utter_ask_pass_on")
    assert words not in str(wales.slot("referral_reply"))
    (ticket,) = unit.tickets()
    assert len(ticket.messages) == 1
    wales.say("yes")
    assert "Sealed, and with them" in wales.text
    (ticket,) = unit.tickets()
    assert ticket.messages[-1].text == words


@pytest.mark.parametrize("how", ["no", "[No, let it go]"])
def test_what_was_not_for_the_unit_is_let_go_of(wales, unit, how):
    receipt = send(wales)
    do(wales, (receipt, "I was on nights last week, fourteen of them", how))
    assert wales.slot("referral_reply") is None
    (ticket,) = unit.tickets()
    assert len(ticket.messages) == 0


def test_after_a_reply_another_message_is_not_lost(wales, unit):
    receipt = send(wales)
    do(wales, (receipt, "[Write to them]", "Thanks Ann, Monday is fine"))
    wales.say("ps I have exams on Tuesday")
    assert wales.text == fixed("utter_ask_pass_on")
    wales.press("Yes, send")
    (ticket,) = unit.tickets()
    assert ticket.messages[-1].text == "ps I have exams on Tuesday"


def test_talk_about_a_risk_under_an_answer_is_answered_and_not_held(wales, unit):
    receipt = send(wales)
    wales.say(receipt)
    bubbles = wales.say("I am going to kill myself tonight")
    assert all(number in bubbles[0].text for number in NUMBERS)
    assert wales.slot("referral_reply") is None


def test_forgetting_says_that_nothing_was_sent(wales, unit):
    go_to(wales, "summary")
    wales.say("please delete everything about me, all of this conversation")
    assert fixed("utter_forgotten_unsent") in wales.text
    assert confidence.in_confidence().opened(wales.conversation) is None
    assert count(unit.engine) == 0


def test_only_short_words_are_choices():
    long = "i want to go back to the time when none of this had happened"
    assert typed_choices.typed_choice("referral_help", long, {}) is None
    assert typed_choices.step_with_ticket(f"delete {long}") is None


# A reply that is answered first


def to_a_reply(person):
    do(person, (send(person), "[Write to them]"))


def test_a_reply_that_tells_another_harm_is_held_and_offered_once_that_was_heard(wales, unit):
    to_a_reply(wales)
    wales.say(BULLIED)
    assert wales.seen[-1][0].text == fixed("utter_referral_held")
    assert BULLIED not in str(wales.slot("referral_reply"))
    wales.say("no")
    assert questions(wales) == 1
    wales.say("it has been going on since I started in that department")
    assert fixed("utter_return_resend") in wales.text
    assert questions(wales) == 1
    wales.press("Send it")
    (ticket,) = unit.tickets()
    assert ticket.messages[-1].text == BULLIED
    assert wales.slot("referral_reply") is None


def test_a_reply_that_is_held_is_offered_when_the_receipt_is_typed_again(wales, unit):
    receipt = send(wales)
    do(wales, (receipt, "[Write to them]", BULLIED, "no", f"my receipt is {receipt}"))
    assert fixed("utter_return_resend") in wales.text
    wales.press("Send it")
    (ticket,) = unit.tickets()
    assert ticket.messages[-1].text == BULLIED


def test_a_reply_that_is_held_outlives_the_opened_ticket(wales, unit):
    receipt = send(wales)
    do(wales, (receipt, "[Write to them]", BULLIED, "no", "it has gone on for months"))
    confidence.in_confidence().keep_opened(wales.conversation, None)
    wales.press("Send it")
    assert fixed("utter_receipt_gone") in wales.text
    wales.say(receipt)
    assert fixed("utter_return_resend") in wales.text
    wales.press("Send it")
    (ticket,) = unit.tickets()
    assert ticket.messages[-1].text == BULLIED


def test_a_reply_that_is_let_go_is_gone(wales, unit):
    to_a_reply(wales)
    do(wales, (BULLIED, "no", "it has gone on for months", "[Let it go]"))
    assert wales.slot("referral_reply") is None
    (ticket,) = unit.tickets()
    assert len(ticket.messages) == 0


# What has been read


def test_answers_that_came_since_are_marked_and_none_is_said(wales, unit):
    receipt = send(wales)
    unit.answer("The first answer")
    wales.say(receipt)
    assert "The first answer" in wales.text
    assert fixed("utter_receipt_answer_new").strip() not in wales.text
    wales.say(receipt)
    assert fixed("utter_receipt_nothing_new") in wales.text
    unit.answer("The second answer")
    wales.say(receipt)
    marked = [fixed("utter_receipt_answer_new").strip() in bubble.text for bubble in wales.seen[-1]]
    assert marked[:2] == [False, True]
    assert fixed("utter_receipt_nothing_new") not in wales.text


@pytest.mark.parametrize("words", ["who'll see my number?", "do you keep my number?"])
def test_who_sees_a_number_is_answered_where_it_is_asked_for(wales, words):
    go_to(wales, "contact")
    wales.say(words)
    assert "passphrase" in wales.seen[-1][0].text or "own people" in wales.seen[-1][0].text
    assert wales.slot("requested_slot") == "referral_contact"


@pytest.mark.parametrize(
    "words",
    ["didnt you keep the first one", "will they know who i am from this", "what should i put", "5"],
)
def test_words_meant_for_us_are_not_sealed_as_the_note(wales, unit, words):
    go_to(wales, "note")
    wales.say(words)
    assert wales.slot("referral_note") is None
    assert wales.slot("requested_slot") == "referral_note"
    do(wales, (NOTE, "[Send it]"))
    (ticket,) = unit.tickets()
    assert ticket.note == NOTE


@pytest.mark.parametrize(
    ("step", "label", "slot"),
    [
        ("summary", "change something", "referral_change"),
        ("way", "leave it out", "referral_answer_by"),
    ],
)
def test_a_label_that_is_typed_is_its_button(wales, step, label, slot):
    go_to(wales, step)
    wales.say_as(label.upper(), **doubt())
    assert wales.slot("requested_slot") == slot
    assert NUMBERS[1] not in wales.text


# Taking back what was sent, in words


def open_ticket(person):
    receipt = send(person)
    person.say(receipt)
    return receipt


@pytest.mark.parametrize(
    "words",
    [
        "take it back please",
        "end it",
        "delete it for good",
        "I'd like my ticket gone",
        "bin the referral",
        "scrap my ticket, i've changed my mind",
    ],
)
@pytest.mark.parametrize("before", [None, "I was on nights last week, fourteen of them"])
def test_an_open_ticket_is_ended_in_words_whatever_was_asked_before(wales, unit, words, before):
    open_ticket(wales)
    if before:
        wales.say(before)
        assert wales.slot("asked") == "resend"
    wales.say(words)
    assert wales.text == fixed("utter_ask_end_ticket")
    assert wales.slot("referral_reply") is None
    wales.say("yes")
    assert count(unit.engine) == 0
    wales.say("and is that really deleted now?")
    assert "utter_ticket_gone" in said_in(wales)


def test_no_and_the_wish_to_end_it_is_that_wish(wales, unit):
    open_ticket(wales)
    do(wales, ("is the rota online yet, asking for a friend", "no. end it"))
    assert wales.text == fixed("utter_ask_end_ticket")
    do(wales, ("[No, keep it]",))
    assert count(unit.engine) == 1


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (None, "delete it for good"),
        (None, "cancel my referral please"),
        ("[I've kept it]", "end my ticket"),
        ("[I've kept it]", "i want my referral gone"),
    ],
)
def test_what_was_sent_is_taken_back_by_typing_the_receipt_and_saying_yes(
    wales, unit, first, words
):
    receipt = send(wales)
    do(wales, (*([first] if first else ()), words))
    assert wales.text == fixed("utter_ticket_back_receipt")
    wales.say(receipt)
    assert fixed("utter_ask_end_ticket") in wales.text
    wales.say("yes")
    assert count(unit.engine) == 0


@pytest.mark.parametrize("words", ["{} i want to withdraw it", "please delete my ticket {}"])
def test_a_receipt_with_the_wish_to_end_it_leads_straight_to_ending(wales, unit, words):
    wales.say(words.format(send(wales)))
    assert fixed("utter_ask_end_ticket") in wales.text
    assert wales.slot("asked") == "end_ticket"


def test_a_receipt_typed_to_read_ends_nothing(wales):
    receipt = send(wales)
    do(wales, ("end my ticket", "i have a receipt", receipt))
    assert wales.slot("asked") == "ticket"


@pytest.mark.parametrize("words", ["i want to end it all tonight", "no. i'm going to end my life"])
def test_words_about_a_life_are_no_wish_about_a_ticket(wales, unit, words):
    open_ticket(wales)
    wales.say(words)
    assert fixed("utter_ask_end_ticket") not in wales.text
    assert all(number in wales.seen[-1][0].text for number in NUMBERS)
    assert count(unit.engine) == 1


def test_forgetting_tells_a_reply_from_a_referral(wales):
    open_ticket(wales)
    do(wales, ("I was on nights last week, fourteen of them", "please delete everything about me"))
    assert fixed("utter_forgotten_unsent_reply") in wales.text
    assert fixed("utter_forgotten_unsent") not in wales.text


def test_not_now_after_sending_does_not_say_that_nothing_was_set_in_motion(wales):
    send(wales)
    wales.press("I've kept it")
    wales.say("not now")
    assert "utter_not_now_sent" in said_in(wales)


# After sending


@pytest.mark.parametrize(
    "words",
    [
        "so will i get a message when theyve answered?",
        "where do I find their reply",
        "when will they call?",
        "how will i know if they've answered",
        "can you let me know when they reply",
    ],
)
@pytest.mark.parametrize("way", ["receipt", "contact", "open"])
def test_how_the_answer_comes_is_said_and_nothing_is_offered(wales, unit, words, way):
    if way == "contact":
        go_to(wales, "contact")
        do(wales, ("Sam, 07700 900123", "[Leave it out]", "[Send it]"))
    else:
        receipt = send(wales)
        if way == "open":
            wales.say(receipt)
    wales.say(words)
    assert (
        fixed(f"utter_ticket_answer_{'contact' if way == 'contact' else 'receipt'}") in wales.text
    )
    assert not any(name.startswith("utter_offer") for name in said_in(wales))
    assert wales.slot("referral_reply") is None


@pytest.mark.parametrize("words", ["has anyone seen it yet?", "have they opened it", "is it read?"])
def test_whether_it_was_seen_is_answered_while_it_is_open(wales, words):
    open_ticket(wales)
    wales.say(words)
    assert fixed("utter_ticket_seen_receipt") in wales.text
    assert wales.slot("asked") == "ticket"


# The offer


@pytest.mark.parametrize(
    "words",
    [
        "y",
        "yh go for it",
        "yea",
        "ok let's do it",
        "why not",
        "can we do the handing over thing please",
        "no i meant i want to send the referral without my name",
        "no, i mean send the thing to the unit",
        "the handing over",
        "finish the referral",
    ],
)
def test_yes_in_ordinary_words_begins(wales, words):
    go_to(wales, "the offer")
    wales.say(words)
    assert wales.slot("requested_slot") == "referral_topic"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("who'd know", "on confidentiality"),
        ("not yet, what happens to it after", "first answer often takes some days"),
        ("hmm not sure", "leave"),
        ("can i think about it", "leave"),
        ("maybe", "leave"),
        ("what do they do with it", "answer"),
    ],
)
def test_a_hesitation_or_a_question_at_the_offer_is_answered_and_it_stays(wales, words, says):
    go_to(wales, "the offer")
    wales.say(words)
    assert "utter_come_back" not in said_in(wales)
    assert wales.slot("asked") == "referral"
    assert questions(wales) == 1


@pytest.mark.parametrize("words", ["no", "no thanks", "not now", "nah"])
def test_a_plain_no_at_the_offer_is_no_farewell(wales, words):
    go_to(wales, "the offer")
    wales.say(words)
    assert "utter_not_now" in said_in(wales)
    assert wales.slot("asked") == "open"


@pytest.mark.parametrize(
    "words",
    [
        "no i mean the sealed one, not a message",
        "can you hand it over to them for me",
        "pass something to them",
        "let's start the referral",
    ],
)
def test_handing_over_is_asked_for_in_other_words(wales, words):
    wales.say(words)
    assert "Shall we start?" in wales.text


def test_what_was_begun_is_gone_on_with_in_words(wales):
    go_to(wales, "note")
    do(wales, ("/receipt", "[Not now]", "go on with it"))
    assert wales.slot("asked") == "referral"
    wales.say("yh")
    assert wales.slot("requested_slot") == "referral_note"


# Talking loses nothing


@pytest.mark.parametrize("step", ["help", "way", "contact", "note", "summary"])
@pytest.mark.parametrize(
    "words",
    ["pass something to them", "stay anonymous", "finish", "not yet", "what was the other way"],
)
def test_words_that_do_not_say_so_drop_nothing(wales, unit, step, words):
    go_to(wales, step)
    topics = wales.slot("referral_topics")
    wales.say(words)
    assert wales.slot("referral_topics") == topics
    assert wales.slot("requested_slot") or wales.slot("asked") == "referral"
    assert "utter_referral_dropped" not in said_in(wales)
    assert count(unit.engine) == 0


@pytest.mark.parametrize("words", ["pass something to them", "what was the other way"])
def test_beside_a_doubt_only_a_plain_word_drops(wales, words):
    go_to(wales, "note")
    wales.say_as("hm i have been having second thoughts", **doubt())
    wales.say_as(words, intent={"name": "not_now", "confidence": 0.9})
    assert "utter_referral_dropped" not in said_in(wales)
    assert any(wales.slot(name) for name in BEGUN)


@pytest.mark.parametrize(
    "words",
    ["no, rather not give it. what was the other way", "i don't want to give my number", "receipt"],
)
def test_who_would_rather_not_say_how_to_be_reached_gets_a_receipt(wales, words):
    go_to(wales, "contact")
    wales.say(words)
    assert wales.slot("referral_way") == "receipt"
    assert wales.slot("requested_slot") == "referral_answer_by"


# Taking a topic out


@pytest.mark.parametrize(
    "words",
    [
        "actually take feelings out",
        "take that topic out, the feelings one",
        "remove how i've been feeling",
        "just work",
        "work instead of feelings",
        "delete the mood one",
        "without feelings please",
    ],
)
@pytest.mark.parametrize("at", ["topic", "help", "summary"])
def test_a_topic_is_taken_out_wherever_they_think_of_it(wales, words, at):
    go_to(wales, "topic")
    do(wales, ("how i feel and work",))
    if at != "topic":
        wales.press("That's all")
    if at == "summary":
        do(wales, ("[Coaching]", "[I'll use a receipt]", "[In writing]", "[Leave it out]"))
    asked = wales.slot("requested_slot")
    wales.say(words)
    if words == "just work" and at != "topic":
        assert wales.slot("requested_slot") == asked
        return
    assert wales.slot("referral_topics") == ["work"]
    assert wales.slot("requested_slot") == asked
    assert NUMBERS[1] not in wales.text


def test_a_topic_is_swapped_and_the_last_one_taken_out(wales):
    go_to(wales, "topic")
    do(wales, ("how i feel", "swap feelings for exams"))
    assert wales.slot("referral_topics") == ["exams"]
    wales.say("not that one, just work")
    assert wales.slot("referral_topics") == ["work"]


def test_a_topic_that_was_not_chosen_takes_no_other_out(wales):
    go_to(wales, "summary")
    wales.say("take that topic out, the feelings one")
    assert wales.slot("referral_topics") == ["work"]
    assert wales.slot("requested_slot") == "referral_confirm"


def test_not_now_still_drops_at_the_topics(wales):
    go_to(wales, "another topic")
    wales.say("not now")
    assert "utter_referral_dropped" in said_in(wales)


# Who reads it


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("who sees this", "reads"),
        ("wait who at the unit reads this", "reads"),
        ("if i give my number who gets to see it", "reads"),
        ("can they find out its me", "anonymous"),
        ("can i stay anonymous?", "anonymous"),
        ("would they know it's me", "anonymous"),
        ("will they see what i told you about the shouting?", "sees_chat"),
    ],
)
@pytest.mark.parametrize("step", ["the offer", "topic", "way", "note", "contact", "summary"])
def test_who_reads_it_is_answered_at_every_step(wales, unit, step, words, answer):
    go_to(wales, step)
    before = draft_of(wales), wales.slot("requested_slot"), wales.slot("asked")
    wales.say(words)
    said = said_in(wales)
    kept = step == "contact" and answer == "reads"
    assert any(n.startswith(f"utter_answer_{'kept' if kept else answer}") for n in said), said
    assert (draft_of(wales), wales.slot("requested_slot"), wales.slot("asked")) == before


@pytest.mark.parametrize("words", ["who reads it?", "can they find out it's me"])
def test_who_reads_it_is_answered_after_sending(wales, words):
    receipt = send(wales)
    wales.say(words)
    assert any(n.startswith(("utter_answer_reads", "utter_answer_anon")) for n in said_in(wales))
    assert wales.slot("asked") == "sent_receipt"
    wales.say(receipt)
    wales.say(words)
    assert wales.slot("asked") == "ticket"
    assert wales.slot("referral_reply") is None


def test_a_note_about_who_reads_is_a_note(wales):
    go_to(wales, "note")
    wales.say("My supervisor is somebody who reads everything I write and I dread each meeting now")
    assert wales.slot("referral_note")


# How to reach them, early and corrected


@pytest.mark.parametrize("step", ["way", "answer by", "answer by, with contact"])
@pytest.mark.parametrize(
    ("words", "answer_by"),
    [
        ("phone me, 07700 900123, name's Ffion", "phone"),
        ("email me at ffion@example.org please", "email"),
        ("07700 900123", None),
    ],
)
def test_how_to_reach_them_is_sealed_where_it_is_said_early(
    wales, unit, monkeypatch, step, words, answer_by
):
    given = []
    right = wales.agent.handle_message

    async def handle(message, **more):
        given.append(f"{message.text}{message.parse_data}{message.metadata}")
        return await right(message, **more)

    go_to(wales, step)
    monkeypatch.setattr(wales.agent, "handle_message", handle)
    wales.say(words)
    assert "utter_referral_contact_taken" in said_in(wales)
    assert wales.slot("referral_way") == "contact"
    if wales.slot("requested_slot") == "referral_answer_by":
        wales.press("By phone")
    assert wales.slot("requested_slot") == "referral_note"
    do(wales, ("[Leave it out]", "[Send it]"))
    (ticket,) = unit.tickets()
    assert ticket.contact == words
    assert answer_by is None or ticket.choices.answer_by in (answer_by, "phone")
    assert not any(secret in "".join(given) for secret in ("900123", "ffion@", "Ffion"))


def test_a_number_beside_a_risk_reaches_the_agent_covered(wales, monkeypatch):
    given = []
    right = wales.agent.handle_message

    async def handle(message, **more):
        given.append(f"{message.text}{message.parse_data}")
        return await right(message, **more)

    go_to(wales, "way")
    monkeypatch.setattr(wales.agent, "handle_message", handle)
    bubbles = wales.say("ring me on 07700 900321, I want to kill myself")
    assert all(number in bubbles[0].text for number in NUMBERS)
    assert "900321" not in "".join(given)


@pytest.mark.parametrize(
    "words",
    [
        "i think i typed the wrong number, change it",
        "my number",
        "the number i gave is wrong",
        "can i change my email",
    ],
)
@pytest.mark.parametrize("step", ["summary", "change"])
def test_a_wrong_number_is_asked_for_again_at_once(wales, unit, words, step):
    go_to(wales, "contact")
    do(wales, ("07700 900123", "[Leave it out]"))
    assert "can't take back" in wales.text or "called back" in wales.text
    if step == "change":
        wales.press("Change something")
    wales.say(words)
    assert wales.slot("requested_slot") == "referral_contact"
    do(wales, ("07700 900124", "[Send it]"))
    (ticket,) = unit.tickets()
    assert ticket.contact == "07700 900124"


@pytest.mark.parametrize("words", ["its fine as it is", "leave it as it is", "no changes"])
def test_nothing_to_change_leads_back_to_the_summary(wales, words):
    go_to(wales, "change")
    wales.say(words)
    assert wales.slot("requested_slot") == "referral_confirm"
    assert wales.slot("referral_confirm") is None


# Plain choices


@pytest.mark.parametrize("words", ["9", "1 and 9", "0"])
def test_a_number_that_is_not_there_chooses_nothing(wales, words):
    go_to(wales, "topic")
    wales.say(words)
    assert wales.slot("referral_topics") is None


@pytest.mark.parametrize("words", ["y", "yea", "yh go for it"])
def test_yes_in_ordinary_words_sends(wales, unit, words):
    go_to(wales, "summary")
    wales.say(words)
    assert count(unit.engine) == 1


@pytest.mark.parametrize("words", ["i want to end my referral", "close my self-referral please"])
def test_before_its_receipt_is_typed_nothing_is_said_to_be_ended(wales, words):
    wales.say(words)
    assert "utter_ticket_back_receipt" in said_in(wales)
    assert wales.text.startswith("Nothing is ended yet")
    assert "utter_forgotten" not in said_in(wales)


@pytest.mark.parametrize(
    "words",
    [
        "i'd like to refer myself, you said theres a receipt thing?",
        "can you hand it over for me with a receipt so they dont know my name",
        "can i refer myself anonymously through you",
    ],
)
def test_a_referral_named_with_its_way_is_begun(wales, words):
    wales.say(words)
    assert "utter_referral_begin" in said_in(wales)

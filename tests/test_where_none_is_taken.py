"""Where no unit takes anything, it is said so, of handing over, of receipts and of ending."""

import pytest

from bot.dialogue.in_confidence import receipts_in_use


def said(person):
    return {name for bubble in person.seen[-1] for name in bubble.said}


@pytest.fixture(autouse=True)
def none_takes_anything():
    assert not receipts_in_use()


@pytest.mark.parametrize(
    "words",
    [
        "i want to end my referral",
        "please withdraw what i sent",
        "delete my ticket",
        "close my self-referral",
        "can I take that referral back",
    ],
)
def test_nothing_is_said_to_be_ended_that_is_not(person, words):
    person.open()
    person.say("the rota is awful")
    person.say(words)
    assert said(person) == {"utter_ticket_back_nowhere"}
    assert "othing" in person.text
    assert "receipt" in person.text
    assert person.slot("turn") > 2, "the conversation is not forgotten"


@pytest.mark.parametrize("words", ["delete everything", "forget what i told you", "delete my data"])
def test_a_conversation_is_forgotten_still(person, words):
    person.open()
    person.say("the rota is awful")
    person.say(words)
    assert "utter_forgotten" in said(person)


ASKED = [
    "i'd like to refer myself, you said theres a receipt thing?",
    "can you hand it over for me with a receipt so they dont know my name",
    "can i refer myself anonymously through you",
    "I want to refer myself with a receipt",
    "could i do a self-referral from here",
    "pass this on to the unit for me",
]


@pytest.mark.parametrize("words", ASKED)
def test_handing_over_is_answered_with_no_and_the_way_that_there_is(person_in, words):
    person = person_in("wales")
    person.open()
    person.say(words)
    assert "utter_referral_nowhere" in said(person)
    assert "utter_contact_card" in said(person)
    for again in ("so can you or can't you", "is that a no?"):
        person.say(again)
        assert "utter_referral_nowhere" in said(person)


@pytest.mark.parametrize("words", ASKED[:3])
def test_the_deanery_is_asked_for_after_the_no(person, words):
    person.open()
    person.say(words)
    assert [bubble.said[0].rpartition(":")[0] or bubble.said[0] for bubble in person.seen[-1]] == [
        "utter_referral_nowhere",
        "utter_ask_deanery",
    ]
    person.press("Wales")
    assert "utter_contact_card" in said(person)


@pytest.mark.parametrize(
    "words", ["what is a receipt?", "i lost my receipt", "use a receipt", "i have a receipt"]
)
def test_there_are_no_receipts(person, words):
    person.open()
    person.say(words)
    assert "utter_receipt_nowhere" in said(person)


@pytest.mark.parametrize("words", ["i lost my receipt for the course", "no receipt for the taxi"])
def test_other_receipts_are_talk(person, words):
    person.open()
    person.say(words)
    assert "utter_receipt_nowhere" not in said(person)


@pytest.mark.parametrize(
    "words",
    ["who reads it if i send something", "who sees the form", "and who gets my email then"],
)
def test_who_reads_what_they_send_is_the_units_own_people(person_in, words):
    person = person_in("wales")
    person.open()
    person.say("how do i contact them")
    person.say(words)
    assert "utter_answer_reads_mail" in said(person)


@pytest.mark.parametrize("words", ["who reads this chat", "can my tpd read what i type"])
def test_who_reads_along_here_is_another_question(person, words):
    person.open()
    person.say(words)
    assert "utter_answer_reads_mail" not in said(person)


@pytest.mark.parametrize("words", ["i want to end my life", "i want to end it", "end it all"])
def test_an_ending_that_is_no_tickets_brings_the_card(person, words):
    person.open()
    person.say(words)
    assert "999" in person.seen[-1][0].text


def test_the_list_of_deaneries_does_not_come_twice_running(person):
    person.open()
    person.say("how do i contact the unit")
    assert len(person.seen[-1][-1].buttons) > 10
    person.say("yes")
    assert "utter_ask_deanery_again" in said(person)
    assert len(person.seen[-1][-1].buttons) == 2
    person.press("Show the list")
    assert len(person.seen[-1][-1].buttons) > 10
    person.press("Wales")
    assert "utter_contact_card" in said(person)

"""A form's question can be answered in words, and the words belong to the question asked."""

import json

import pytest

from bot.nlu.choices import CHOICES, choices_in
from bot.nlu.language import read

ROWS = [json.loads(line) for line in CHOICES.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "_".join(row["entities"].values())[:40])
def test_each_choice_is_read_from_its_sentences_and_from_no_other(row):
    for text in row["yes"]:
        found = {e["entity"]: e["value"] for e in choices_in(read(text))}
        assert row["entities"].items() <= found.items(), text
    for text in row["no"]:
        found = {e["entity"]: e["value"] for e in choices_in(read(text))}
        assert not row["entities"].items() <= found.items(), text


def test_whoever_tells_something_long_chooses_nothing():
    assert not choices_in(
        read("it started with work and then the exams and after that my mood went")
    )


def test_the_message_is_made_from_typed_answers(person):
    person.open()
    person.say("can you help me write a message to send them")
    person.say("stuff at work mainly")
    assert person.slot("message_about") == "work"
    person.say("coaching i think")
    person.say("email me")
    assert "how things are at work" in person.text
    assert "interested in coaching" in person.text
    assert "by e-mail" in person.text


def test_a_choice_can_be_left_out_in_words(person):
    person.open()
    person.say("can you help me write a message to send them")
    person.say("i'd rather not say")
    person.say("not sure yet")
    person.say("skip")
    assert "not sure yet what would help" in person.text
    assert "Please answer" not in person.text


def test_the_same_words_outside_a_form_are_not_an_answer(person):
    person.open()
    person.say("coaching i think")
    assert person.slot("message_help") is None


def test_risk_in_a_typed_answer_still_comes_first(person):
    person.open()
    person.say("can you help me write a message to send them")
    person.say("work makes me want to kill myself")
    assert "999" in person.seen[-1][0].text


def test_the_deanery_can_be_left_out_in_words(person):
    person.open()
    person.say("how do i contact the psu")
    person.say("rather not say")
    assert person.slot("deanery") == "unknown"
    assert "Without the deanery" in person.text

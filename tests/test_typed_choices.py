"""A form's question can be answered in words, and the words belong to the question asked."""

import json

import pytest
import yaml

from bot.nlu.choices import CHANGED, CHOICES, PUT_RIGHT, choices_in, meant_in
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


@pytest.mark.parametrize(
    ("text", "meant"), yaml.safe_load(PUT_RIGHT.read_text(encoding="utf-8"))["meant"].items()
)
def test_what_is_put_right_is_what_is_meant(text, meant):
    found = meant_in(text)
    assert (text[slice(*found)] if found else None) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("exams. actually no, take that out, make it how ive been feeling", "feeling"),
        ("the rota, no wait, i mean my exams", "exams"),
        ("change that to health actually", "health"),
    ],
)
def test_a_choice_put_right_in_the_same_breath_is_the_last_one(text, meant):
    found = {e["value"] for e in choices_in(read(text)) if e["entity"] == "message_about"}
    assert found == {meant}
    assert any(e.get("role") == CHANGED for e in choices_in(read(text)))


def test_an_answer_is_put_right_while_the_next_is_asked_for(person):
    person.open()
    person.say("can you help me write a message to send them")
    person.say("exams. actually no, take that out, make it how ive been feeling")
    assert person.slot("message_about") == "feeling"
    person.say("change that to health actually")
    assert person.slot("message_about") == "health"
    assert "Coaching" in {b.title for b in person.seen[-1][-1].buttons}
    person.say("someone to talk to")
    person.say("sorry, switch that to coaching")
    assert person.slot("message_help") == "coaching"
    person.say("by phone")
    assert "the way my mind works" in person.text
    assert "interested in coaching" in person.text
    assert "phone call" in person.text


def test_a_choice_that_comes_up_in_another_answer_changes_nothing(person):
    person.open()
    person.say("can you help me write a message to send them")
    person.say("exams")
    person.say("someone to talk to about work")
    assert person.slot("message_about") == "exams"

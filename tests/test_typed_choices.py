"""A form's question can be answered in words, and the words belong to the question asked."""

import json

import pytest
import yaml

from bot.channels.conversation import Bubble, Button
from bot.channels.typed_choices import chosen_in
from bot.dialogue.reading import with_choices
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


# A choice on the screen with more around it

WORST = {
    "Finding time": '/share{"pattern": "no_time"}',
    "The day itself": '/share{"concern": "mental_health"}',
    "Being judged": '/share{"pattern": "fear_of_stigma"}',
    "I'd rather not say": "/not_now",
}
SCREEN = {title.lower().replace("'", ""): payload for title, payload in WORST.items()}


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("the day. i freeze", ["The day itself"]),
        ("it's the day itself and my hands go", ["The day itself"]),
        ("Being judged, every time, by people who know me", ["Being judged"]),
        ("I think it's being judged because they all look", ["Being judged"]),
        ("honestly? finding time, and being judged", ["Finding time", "Being judged"]),
        ("finding time - I've two small kids", ["Finding time"]),
        ("not the day", []),
        ("the day was fine", []),
        ("the day?", []),
        ("nobody minds being judged by a friend", []),
        ("id rather not say, it's long", []),
    ],
)
def test_a_clause_that_is_a_choice_chooses(text, chosen):
    assert chosen_in(text, SCREEN) == [WORST[title] for title in chosen]


def test_two_labels_that_come_to_the_same_choose_nothing():
    assert not chosen_in("the exam. again", {"the exam": "/share{}", "my exam": "/share{}"})


def test_the_rest_of_a_choice_is_heard_beside_it(person):
    person.open()
    buttons = tuple(Button(title, title, payload) for title, payload in WORST.items())
    person.seen.append([Bubble("Where is the worst of it?", buttons)])
    person.say_as("the day. i freeze", signals={"pattern": ["shame_guilt"]})
    assert "mental_health" in person.slot("concerns_stated")
    assert "utter_pattern_shame_guilt_affirm" in person.seen[-1][0].said


def test_a_choice_for_the_message_is_taken_with_its_aside(person):
    person.open()
    person.say("can you help me write a message to send them")
    person.say("leave it out. they'd only pass it round the whole department by lunchtime anyway")
    assert person.slot("message_about") == "rather_not_say"


def test_danger_beside_a_choice_is_what_is_heard(person):
    person.open()
    buttons = tuple(Button(title, title, payload) for title, payload in WORST.items())
    person.seen.append([Bubble("Where is the worst of it?", buttons)])
    person.say("the day. i want to kill myself before it comes")
    assert "999" in person.seen[-1][0].text


def test_an_answer_with_words_of_its_own_is_the_subject_only_where_nothing_else_is_told():
    button = {
        "intent": {"name": "share"},
        "entities": [
            {"entity": "concern", "value": "lack_of_support"},
            {"entity": "answer", "value": "alone"},
        ],
    }
    bare = {"text": "nobody. sorry", "intent": {"name": "deny"}, "entities": [], "signals": {}}
    assert {e["entity"] for e in with_choices(bare, [button], {})["entities"]} == {
        "concern",
        "answer",
    }
    told = {**bare, "signals": {"concern": ["money"]}}
    assert {e["entity"] for e in with_choices(told, [button], {})["entities"]} == {"concern"}
    assert with_choices(bare, [button], {})["intent"]["name"] == "share"
    danger = {**bare, "risk": "passive_ideation"}
    assert with_choices(danger, [button], {})["intent"]["name"] == "deny"
    assert with_choices(bare, [button], {"crisis": "asked"}) == bare
    assert with_choices(bare, [button], {"asked": "safe_now"}) == bare

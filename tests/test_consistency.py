"""`sidedoor check` finds what does not belong together."""

import copy

import pytest

from bot import consistency
from bot.content import responses
from bot.dashboard.names import names

WHEN = {"metadata": {"when": "Never."}}


def faults_with(monkeypatch, change):
    found = copy.deepcopy(responses())
    change(found)
    monkeypatch.setattr(consistency, "responses", lambda: found)
    return list(consistency._responses())


def test_the_wording_as_it_is_has_no_fault(monkeypatch):
    assert faults_with(monkeypatch, lambda found: None) == []


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("utter_orphan", "Nobody says this one.", "no code says it"),
        ("utter_menu", "You should do this.", "says 'should'"),
        ("utter_menu", "It is 100% safe.", "says '100%'"),
        ("utter_menu", "Well done!", "says '!'"),
        ("utter_menu", "Is it so? Or not so?", "at most 1 questions"),
        ("utter_moment_new_reflect", "Is it so bad, then?", "at most 0 questions"),
        ("utter_menu", "word " * 46, "46 words"),
        ("utter_unclear", "I didn't quite follow that.", "says that it was not understood"),
        (
            "utter_plain_fact",
            "word " * 40 + "{fact}",
            "east_midlands.yml, timing: with utter_plain_fact",
        ),
        ("utter_menu", "Where would you like to start?", "said in two places"),
    ],
)
def test_a_fault_in_the_wording_is_named(monkeypatch, name, text, words):
    def change(found):
        file = next((file for file, there in found.items() if name in there), "opening.yml")
        found[file].setdefault(name, []).append({"text": text, **WHEN})

    assert any(words in fault for fault in faults_with(monkeypatch, change))


def test_a_label_without_its_replies_is_named(monkeypatch):
    faults = faults_with(
        monkeypatch, lambda found: found["stages.yml"].pop("utter_stage_denial_ask")
    )
    assert any("utter_stage_denial_ask" in fault for fault in faults)


@pytest.mark.parametrize("about", ["topic", "help", "answer_by"])
def test_a_choice_of_a_referral_without_a_name_in_the_inbox_is_named(monkeypatch, about):
    changed = copy.deepcopy(dict(names()))
    changed["inbox"][about]["invented"] = "Something"
    gone = next(iter(changed["inbox"][about]))
    del changed["inbox"][about][gone]
    monkeypatch.setattr(consistency, "names", lambda: changed)
    assert list(consistency._inbox_names()) == [
        f"names.yml, inbox.{about}: {gone}, a choice of a referral, has no name",
        f"names.yml, inbox.{about}: invented is no choice in bot/dialogue/referral.py",
    ]


def test_the_inbox_has_a_name_for_every_choice():
    assert list(consistency._inbox_names()) == []


def test_a_response_that_does_not_say_when_is_named(monkeypatch):
    def change(found):
        found["opening.yml"]["utter_menu"][0].pop("metadata")

    assert any("metadata.when" in fault for fault in faults_with(monkeypatch, change))

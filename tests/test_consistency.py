"""`sidedoor check` finds what does not belong together."""

import copy

import pytest

from bot import consistency, reachable
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


@pytest.mark.parametrize(
    "name",
    [
        "utter_orphan_of_parts",
        "utter_message_about_money",
        "utter_referral_help_money",
        "utter_route_bullying_later",
        "utter_route_elsewhere_open",
        "utter_other_neighbour_open",
        "utter_other_forgotten_ask",
        "utter_somewhere_else_do",
        "utter_stage_nowhere_ask",
        "utter_movement_denial_to_denial_affirm",
        "utter_moment_unheard_of_reflect",
        "utter_pressed_nothing_reflect",
        "utter_crisis_yes_sideways",
        "utter_crisis_stay_sideways",
        "utter_crisis_barrier_medical_phone",
        "utter_crisis_barrier_nothing",
        "utter_answer_told_neighbour",
        "utter_telegram_menu_numbers",
    ],
)
def test_a_response_of_several_parts_that_nothing_says_is_named(monkeypatch, name):
    def change(found):
        found["opening.yml"][name] = [{"text": "A word that nobody says.", **WHEN}]

    assert f"{name}: no code says it; remove it or say it" in faults_with(monkeypatch, change)


def test_a_name_put_together_in_a_way_that_is_not_explained_is_named(monkeypatch):
    in_code = reachable._in_code()
    assert {"utter_menu", "utter_stage_{}_ask", "utter_route_{}_{}"} <= in_code
    changed = {"utter_new_{}", *in_code} - {"utter_stage_{}_ask", "utter_crisis_yes"}
    monkeypatch.setattr(reachable, "_in_code", lambda: changed)
    assert list(reachable.unexplained()) == [
        "utter_new_{}: bot/reachable.py does not say what its parts can be; add them",
        "utter_crisis_yes: bot/reachable.py explains it and no code has it; remove it",
        "utter_stage_{}_ask: bot/reachable.py explains it and no code has it; remove it",
    ]


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

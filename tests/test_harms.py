"""How well harms are found on messages that nothing was trained on, and each part apart."""

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.nlu.harm_examples import read_harm_examples
from bot.nlu.routes import EMERGENCY, OWN_ROUTES, may_be_told, told_now

HELD_OUT = [
    json.loads(line)
    for line in (Path(__file__).parent / "harms" / "held_out.jsonl").read_text().splitlines()
]
NEAR = {
    "sexual_misconduct",
    "substance_use",
    "bullying",
    "discrimination",
    "patient_safety",
    "error_complaint",
    "money",
}
"""Concerns whose messages may rightly have a route."""

LEAST = 0.95
"""Share of the held-out messages that get their own route."""

MOST_FALSE = 0.015
"""Share of ordinary messages that may be taken for a harm."""

MOST_ASKED = 0.02
"""Share of them that may be asked about."""


@pytest.fixture(scope="module")
def parsed(recogniser):
    return [(row, recogniser.parse(row["text"])) for row in HELD_OUT]


def right(row, found):
    """Whether the message gets its route; the crisis answers a medical emergency."""
    if row["route"] == EMERGENCY:
        return EMERGENCY in found["harms"] or found["risk"] == "immediate"
    return row["route"] in found["harms"]


def test_held_out_messages_are_in_no_training_file():
    trained = {example.text.lower() for example in read_harm_examples()}
    assert [row["text"] for row in HELD_OUT if row["text"].lower() in trained] == []


def test_harms_are_found(parsed):
    missed = [(row["route"], row["text"]) for row, found in parsed if not right(row, found)]
    assert 1 - len(missed) / len(parsed) >= LEAST, missed


def test_no_route_is_left_behind(parsed):
    missed = Counter(row["route"] for row, found in parsed if not right(row, found))
    assert all(count <= 1 for count in missed.values()), missed


def test_ordinary_messages_get_no_route(recogniser):
    rows = [
        json.loads(line)
        for name in ("chat", "told")
        for line in (Path(__file__).parent / "recognition" / f"{name}.jsonl")
        .read_text()
        .splitlines()
    ]
    ordinary = [r for r in rows if r["risk"] == "none" and not NEAR & set(r["concern"])]
    parsed = {r["text"]: recogniser.parse(r["text"]) for r in ordinary}
    taken = [text for text, found in parsed.items() if told_now(found, {})]
    assert len(taken) / len(ordinary) <= MOST_FALSE, taken
    asked = [text for text, found in parsed.items() if may_be_told(found, {})]
    assert len(asked) / len(ordinary) <= MOST_ASKED, asked


def test_each_part_is_seen_apart_and_neither_vetoes(parsed):
    for _, found in parsed:
        both = {name for names in found["harm_sources"].values() for name in names}
        assert both <= set(found["harms"])
    assert any(
        f["harm_sources"]["patterns"] and not f["harm_sources"]["classifier"] for _, f in parsed
    )
    assert any(
        f["harm_sources"]["classifier"] and not f["harm_sources"]["patterns"] for _, f in parsed
    )


def test_parse_prints_what_it_printed_before(recogniser):
    assert set(recogniser.decide("I gave ten times the dose", scores=True)) == {
        "intent", "stage", "pattern", "concern", "risk", "scores"
    }  # fmt: skip


def test_every_own_route_is_held_out():
    assert set(OWN_ROUTES) <= {row["route"] for row in HELD_OUT}

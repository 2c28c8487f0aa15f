"""The entity files: what every value matches and does not, and that every moment has its reply."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bot.deanery import NATIONS, deanery_names
from bot.nlu.language import read, read_pattern_lines
from bot.paths import DOMAIN, PATTERNS

FILES = sorted((PATTERNS / "entities").glob("*.jsonl"))
ROWS = {path.stem: list(read_pattern_lines(path)) for path in FILES}
PARTIES = {"supervisor", "tpd", "arcp", "employer", "gmc", "gmc_investigation", "home_office"}
FEWEST = {"moment": (3, 2)}
"""File -> fewest sentences that match and that do not; two and two where it is not named."""

VARIANTS = 3


def sentences(kind: str) -> list[Any]:
    """Return (label, value, sentence) for every sentence of `kind`, "yes" or "no"."""
    return [
        pytest.param(label, row["value"], text, id=f"{label}-{row['value']}-{number}")
        for label, rows in ROWS.items()
        for row in rows
        for number, text in enumerate(row[kind], 1)
    ]


def found(text: str) -> set[tuple[str, str]]:
    """Return the (label, value) of every entity in `text`."""
    return {(entity.label_, entity.ent_id_) for entity in read(text).ents}


def moment_responses() -> dict[str, list[dict[str, Any]]]:
    """Return the responses of `domain/moments.yml` that take a moment up."""
    data = yaml.safe_load((DOMAIN / "moments.yml").read_text(encoding="utf-8"))
    responses: dict[str, list[dict[str, Any]]] = data["responses"]
    return {name: variants for name, variants in responses.items() if name.endswith("_reflect")}


@pytest.mark.parametrize(("label", "value", "text"), sentences("yes"))
def test_sentence_gives_the_value(label: str, value: str, text: str) -> None:
    assert (label, value) in found(text)


@pytest.mark.parametrize(("label", "value", "text"), sentences("no"))
def test_sentence_does_not_give_the_value(label: str, value: str, text: str) -> None:
    assert (label, value) not in found(text)


@pytest.mark.parametrize(
    "text", [row.values[2] for row in sentences("yes") if row.values[0] == "moment"]
)
def test_sentence_tells_one_moment(text: str) -> None:
    assert len({value for label, value in found(text) if label == "moment"}) == 1


@pytest.mark.parametrize("label", ROWS)
def test_rows_are_complete(label: str) -> None:
    values = [row["value"] for row in ROWS[label]]
    assert len(values) == len(set(values))
    yes, no = FEWEST.get(label, (2, 2))
    for row in ROWS[label]:
        assert row["patterns"], row["value"]
        assert len(set(row["yes"])) >= yes, row["value"]
        assert len(set(row["no"])) >= no, row["value"]


def test_values_that_code_relies_on() -> None:
    assert {row["value"] for row in ROWS["party"]} == PARTIES
    assert {row["value"] for row in ROWS["nation"]} == set(NATIONS)


def test_every_moment_has_its_response_and_the_other_way_round() -> None:
    moments = {f"utter_moment_{row['value']}_reflect" for row in ROWS["moment"]}
    assert moments == set(moment_responses())


@pytest.mark.parametrize(("name", "variants"), moment_responses().items())
def test_moment_is_taken_up_without_asking(name: str, variants: list[dict[str, Any]]) -> None:
    texts = [variant["text"] for variant in variants]
    assert len(set(texts)) == len(texts) >= VARIANTS
    for text in texts:
        assert "?" not in text
        assert 6 <= len(text.split()) <= 22, text


@pytest.mark.parametrize(
    ("key", "name"), [(key, name) for key, names in deanery_names().items() for name in names]
)
def test_deanery_name_is_not_hidden_by_other_entities(key: str, name: str) -> None:
    assert ("deanery", key) in found(name)
    assert ("deanery", key) in found(f"I work in {name}")


@pytest.mark.parametrize(
    ("text", "party"),
    [
        ("will you tell my TPD I cried at work", "tpd"),
        ("does my es find out that i failed my exam", "supervisor"),
        ("would the arcp panel know I was off sick", "arcp"),
        ("does the trust hear I went to my GP", "employer"),
        ("will the GMC know I made a mistake", "gmc"),
    ],
)
def test_party_is_not_hidden_by_a_moment(text: str, party: str) -> None:
    assert ("party", party) in found(text)

"""The evaluation sets of `tests/recognition/`, and real speech when somebody gives its folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu.examples import Example, parse_example
from bot.nlu.harm_examples import HarmExample, read_harm_examples
from bot.nlu.targets import label_names, label_targets
from bot.nlu.taxonomy import FACETS
from bot.paths import ROOT

SETS = ROOT / "tests" / "recognition"
KNOWN_FAILURES = ROOT / "evaluation" / "known_failures.yml"

CHAT, TOLD, PLAIN, SAFETY = "chat", "told", "plain", "safety"

SIGNAL_NAMES = label_names()
"""`<facet>/<label>`: the columns of every table of labels here."""


@dataclass(frozen=True)
class Line:
    """One labelled message of a set; `kind` says why it is there, where a set has kinds."""

    example: Example
    kind: str = ""


def read_set(name: str) -> list[Line]:
    """Return the lines of `tests/recognition/<name>.jsonl`."""
    lines = []
    for number, row in enumerate(_rows(SETS / f"{name}.jsonl"), 1):
        kind = row.pop("kind", "")
        lines.append(Line(parse_example(json.dumps(row), f"{name}, line {number}"), kind))
    return lines


def read_second(name: str) -> tuple[list[int], list[Example]]:
    """Return which lines of a set a second reader labelled too, and as what.

    That reader had the definitions and `first_examples.jsonl`, and not the set's labels.
    """
    read = {
        row["text"]: _as_read(row, row)
        for row in _rows(SETS / "second_reading.jsonl")
        if row["set"] == name
    }
    lines = texts(read_set(name))
    places = [i for i, text in enumerate(lines) if text in read]
    return places, [read[lines[i]] for i in places]


def read_harms() -> list[HarmExample]:
    """Return the lines of `tests/recognition/harms.jsonl`: messages and their routes, or none."""
    return list(read_harm_examples(SETS / "harms.jsonl"))


def read_talks() -> list[list[str]]:
    """Return what one person says in each talk of `tests/recognition/talks.jsonl`, in order."""
    talks: dict[str, list[str]] = {}
    for row in _rows(SETS / "talks.jsonl"):
        talks.setdefault(row["talk"], []).append(row["text"])
    return list(talks.values())


def read_doctors(folder: Path) -> list[tuple[Example, Example]]:
    """Return the sentences of `doctors.jsonl`, each as its two readers labelled it."""
    return [
        (_as_read(row, row["rater_1"]), _as_read(row, row["rater_2"]))
        for row in _rows(folder / "doctors.jsonl")
    ]


def read_real_risk(folder: Path) -> list[Line]:
    """Return the sentences of `risk.jsonl`, with their category as kind."""
    return [
        Line(Example(row["text"], "", (), (), (), row["self_risk"]), row["category"])
        for row in _rows(folder / "risk.jsonl")
    ]


def texts(lines: Iterable[Line]) -> list[str]:
    """Return what the lines say."""
    return [line.example.text for line in lines]


def signal_truth(examples: Iterable[Example]) -> np.ndarray:
    """Return an array (examples, labels) of truth values, columns as in `SIGNAL_NAMES`."""
    return label_targets(examples).astype(bool)


def columns(facet: str) -> list[int]:
    """Return the columns of a facet's labels."""
    return [i for i, name in enumerate(SIGNAL_NAMES) if name.startswith(f"{facet}/")]


def sets_digest() -> str:
    """Return the hash of what is evaluated on: the sets and the known failures."""
    digest = hashlib.sha256()
    for path in (*sorted(SETS.glob("*.jsonl")), KNOWN_FAILURES):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _as_read(row: dict[str, Any], labels: dict[str, list[str]]) -> Example:
    facets = {facet: tuple(labels.get(facet, ())) for facet in FACETS}
    return Example(row["text"], "", risk="none", **facets)

"""Reading the examples of harms: `nlu_data/harms/*.jsonl`, beside ordinary training messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.nlu.example_vectors import example_vectors
from bot.nlu.examples import Example, ExampleError, read_examples
from bot.nlu.routes import EMERGENCY, SOMEONE_ELSE, routes
from bot.nlu.taxonomy import NO_RISK, OWN_RISK
from bot.nlu.text import as_read
from bot.paths import HARMS, MODELS

NO_ROUTE = "none"

NEAR = {
    "sexual_misconduct",
    "substance_use",
    "bullying",
    "discrimination",
    "patient_safety",
    "error_complaint",
    "money",
}
"""Concerns whose messages may hold a harm and have no route, so they teach nothing here."""

CONCERN_ROUTES = {"bullying": "bullying", "discrimination": "discrimination"}
"""Concerns whose messages teach a route, when it is their only one."""

ORDINARY = {NO_RISK, *OWN_RISK} - {"immediate"}
"""Risks whose messages teach what is ordinary; `immediate` holds medical emergencies too."""


@dataclass(frozen=True)
class HarmExample:
    """A message and its route, or `none`."""

    text: str
    route: str


def read_harm_examples(place: Path = HARMS) -> Iterator[HarmExample]:
    """Yield every example of the file `place`, or of the `*.jsonl` files in the folder `place`.

    Raises:
        ExampleError: naming the file, the line and what is allowed there.
    """
    for path in sorted(place.glob("*.jsonl")) if place.is_dir() else [place]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                yield _parsed(line, f"{path.name}, line {number}")


def risk_of(route: str) -> str:
    """Return the risk that a message of `route` carries by the taxonomy, as far as it tells."""
    if route == EMERGENCY:
        return "immediate"
    return "third_party" if route.startswith(SOMEONE_ELSE) else NO_RISK


def harm_vectors(adapter: Path | None) -> tuple[list[str], np.ndarray]:
    """Return routes and vectors (examples, 384): of the harms, then of messages that teach one."""
    told, messages = list(read_harm_examples()), list(read_examples())
    taught = [(at, route) for at, e in enumerate(messages) if (route := route_of(e)) is not None]
    # all messages are asked for, so that those kept for the other heads are kept on
    known = example_vectors([as_read(e.text) for e in messages], adapter)
    vectors = np.concatenate([_told_vectors(told, adapter), known[[at for at, _ in taught]]])
    return [*(e.route for e in told), *(route for _, route in taught)], vectors


def with_harms(
    features: np.ndarray, risks: Sequence[str], texts: Sequence[str], adapter: Path | None
) -> tuple[np.ndarray, list[str], list[str]]:
    """Return vectors, risks and texts of messages with those of the harms after them.

    Abuse, debt or drink are near risk to life in their words, and mostly without it.
    """
    told = list(read_harm_examples())
    more = [risk_of(example.route) for example in told]
    vectors = np.concatenate([features, _told_vectors(told, adapter)])
    return vectors, [*risks, *more], [*texts, *(example.text for example in told)]


def _told_vectors(told: Sequence[HarmExample], adapter: Path | None) -> np.ndarray:
    return example_vectors([as_read(e.text) for e in told], adapter, MODELS / "harms")


def route_of(example: Example) -> str | None:
    """Return what a message of `nlu_data/messages/` teaches: a route, `none`, or None (nothing)."""
    if NEAR & set(example.concern):
        return CONCERN_ROUTES.get(example.concern[0]) if len(example.concern) == 1 else None
    return NO_ROUTE if example.risk in ORDINARY else None


def _parsed(line: str, where: str) -> HarmExample:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ExampleError(f"{where}: not a JSON object ({error.msg})") from None
    if not isinstance(row, dict) or set(row) != {"text", "route"}:
        raise ExampleError(f"{where}: fields must be exactly text, route")
    if not isinstance(row["text"], str) or not row["text"].strip():
        raise ExampleError(f"{where}: text must be a sentence")
    if row["route"] not in (*routes(), NO_ROUTE):
        raise ExampleError(f"{where}: route {row['route']!r} is not in routes.yml")
    return HarmExample(row["text"], row["route"])

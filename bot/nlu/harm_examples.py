"""Reading the examples of harms: `nlu_data/harms/*.jsonl`, beside ordinary training messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.nlu.examples import ExampleError, read_examples
from bot.nlu.routes import routes
from bot.nlu.taxonomy import NO_RISK, OWN_RISK
from bot.paths import HARMS

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

EVERY = 3
"""One ordinary training message in so many is enough."""


@dataclass(frozen=True)
class HarmExample:
    """A message and its route, or `none`."""

    text: str
    route: str


def read_harm_examples(folder: Path = HARMS) -> Iterator[HarmExample]:
    """Yield every example of the `*.jsonl` files in `folder`.

    Raises:
        ExampleError: naming the file, the line and what is allowed there.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                yield _parsed(line, f"{path.name}, line {number}")


def ordinary_examples() -> Iterator[HarmExample]:
    """Yield messages of `nlu_data/messages/` that teach what is ordinary, and two of the routes."""
    for number, example in enumerate(read_examples()):
        near = NEAR & set(example.concern)
        if near:
            if len(example.concern) == 1 and example.concern[0] in CONCERN_ROUTES:
                yield HarmExample(example.text, CONCERN_ROUTES[example.concern[0]])
        elif example.risk in ORDINARY and number % EVERY == 0:
            yield HarmExample(example.text, NO_ROUTE)


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

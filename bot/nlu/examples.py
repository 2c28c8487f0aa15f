"""Labelled messages: reading and checking `nlu_data/messages/*.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.nlu.taxonomy import FACETS, labels
from bot.paths import MESSAGES


class ExampleError(ValueError):
    """A line of a message file is not what it has to be."""


@dataclass(frozen=True)
class Example:
    """One labelled message (see docs/labelling.md)."""

    text: str
    intent: str
    stage: tuple[str, ...]
    pattern: tuple[str, ...]
    concern: tuple[str, ...]
    risk: str


def parse_example(line: str, where: str) -> Example:
    """Read one line of JSON; `where` names it in an error.

    Raises:
        ExampleError: naming the place, the field and what is allowed there.
    """
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ExampleError(f"{where}: not a JSON object ({error.msg})") from None
    expected = {"text", "intent", *FACETS, "risk"}
    if not isinstance(row, dict) or set(row) != expected:
        raise ExampleError(f"{where}: fields must be exactly {', '.join(sorted(expected))}")
    if not isinstance(row["text"], str) or not row["text"].strip():
        raise ExampleError(f"{where}: text must be a sentence")
    if not isinstance(row["intent"], str) or not row["intent"]:
        raise ExampleError(f"{where}: intent must be a name")
    for facet in FACETS:
        unknown = [v for v in row[facet] if v not in labels(facet)]
        if unknown:
            raise ExampleError(f"{where}: {facet} has unknown label {unknown[0]!r}")
    if row["risk"] not in labels("risk"):
        raise ExampleError(f"{where}: risk {row['risk']!r} is not in the taxonomy")
    return Example(
        text=row["text"],
        intent=row["intent"],
        stage=tuple(row["stage"]),
        pattern=tuple(row["pattern"]),
        concern=tuple(row["concern"]),
        risk=row["risk"],
    )


def read_examples(folder: Path = MESSAGES) -> Iterator[Example]:
    """Yield every example of the `*.jsonl` files in `folder`, files in the order of their names.

    Raises:
        ExampleError: at the first line that is wrong.
    """
    for path in sorted(folder.glob("*.jsonl")):
        yield from read_file(path)


def read_file(path: Path) -> Iterator[Example]:
    """Yield every example of one file.

    Raises:
        ExampleError: at the first line that is wrong.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield parse_example(line, f"{path.name}, line {number}")

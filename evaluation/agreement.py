"""How far two readers of the same messages agree: `python -m evaluation.agreement`.

`nlu_data/second_reading.jsonl` holds messages of `nlu_data/messages/` with the labels they were
written with (`first`) and those of a second reader who had the guide and the text only (`second`),
both before the differences were settled.
"""

from __future__ import annotations

import json
from typing import Any

from bot.nlu.taxonomy import FACETS, labels
from bot.paths import NLU_DATA

READINGS = NLU_DATA / "second_reading.jsonl"

FEWEST = 5
"""Times that a label has to occur, both readers together, to count in the average."""


def read_readings() -> list[dict[str, Any]]:
    """Return the messages with both readers' labels."""
    return [json.loads(line) for line in READINGS.read_text(encoding="utf-8").splitlines()]


def label_agreement(rows: list[dict[str, Any]], facet: str, label: str) -> tuple[int, int, int]:
    """Return how often the first reader, the second, and both gave `label`."""
    first = [label in row["first"][facet] for row in rows]
    second = [label in row["second"][facet] for row in rows]
    return sum(first), sum(second), sum(a and b for a, b in zip(first, second, strict=True))


def table(rows: list[dict[str, Any]]) -> str:
    """Return the agreement as a Markdown table: F1 of one reader against the other."""
    lines = ["| | agreement | least agreed |", "|---|---|---|"]
    for facet in FACETS:
        scores = {}
        for label in labels(facet):
            first, second, both = label_agreement(rows, facet, label)
            if first + second >= FEWEST:
                scores[label] = 2 * both / (first + second)
        worst = sorted(scores, key=scores.__getitem__)[:2]
        least = ", ".join(f"`{label}` {scores[label]:.2f}" for label in worst)
        mean = sum(scores.values()) / len(scores)
        lines.append(f"| {facet} | F1 {mean:.2f} over {len(scores)} labels | {least} |")
    for facet in ("intent", "risk"):
        same = sum(row["first"][facet] == row["second"][facet] for row in rows)
        lines.append(f"| {facet} | the same in {same} of {len(rows)} | |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(read_readings()))

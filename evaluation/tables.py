"""Numbers and tables as the card prints them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from evaluation.measures import Interval, Rate


def number(value: float) -> str:
    """Return a figure with two decimals; a dash for one that does not exist."""
    return "–" if math.isnan(value) else f"{value:.2f}"


def between(value: float, interval: Interval) -> str:
    """Return a figure with its interval."""
    if math.isnan(value) or math.isnan(interval[0]):
        return number(value)
    return f"{value:.2f} ({interval[0]:.2f}–{interval[1]:.2f})"


def rate(value: Rate) -> str:
    """Return a share with its Wilson interval."""
    return between(value.value, value.interval)


def rate_of(value: Rate) -> str:
    """Return a share with its Wilson interval, and of how many."""
    return f"{rate(value)}, {value.hits} of {value.total}" if value.total else "–"


def points(value: float, reference: float) -> str:
    """Return a difference in percentage points."""
    return f"{100 * (value - reference):+.1f}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], words: int = 1) -> list[str]:
    """Return a Markdown table: its first columns are `words`, to the left; numbers to the right."""
    lines = [_line(head), _line(["---"] * words + ["---:"] * (len(head) - words))]
    return [*lines, *(_line(row) for row in rows), ""]


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

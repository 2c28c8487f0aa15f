"""Which of the curated rows of `nlu_data/patterns/typed_answers.yml` a text holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.language import PatternFileError
from bot.paths import PATTERNS

TYPED_ANSWERS = PATTERNS / "typed_answers.yml"


@dataclass(frozen=True)
class Row:
    """A compiled row, and the sentences that a test holds against it.

    A row that is `whole` is found only where nothing else is said but politeness.
    """

    pattern: re.Pattern[str]
    whole: bool
    found_in: tuple[str, ...]
    not_in: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Whether a text holds the row."""
        return bool(self.pattern.fullmatch(text) if self.whole else self.pattern.search(text))


def says(row: str, text: str) -> bool:
    """Whether a text holds the row of that name."""
    return rows()[row].is_in(text)


def found_in(row: str, text: str) -> re.Match[str] | None:
    """Return where a text holds the row of that name, with the groups that the row names."""
    return rows()[row].pattern.search(text)


@lru_cache(maxsize=1)
def rows() -> dict[str, Row]:
    """Return the rows by name."""
    return read_rows(TYPED_ANSWERS)


def read_rows(path: Path) -> dict[str, Row]:
    """Return the rows of a file by name. Raises `PatternFileError` with the row that is wrong."""
    held = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: _row(f"{path.name}: {name}", row, held) for name, row in held["rows"].items()}


def _row(where: str, row: dict[str, Any], held: dict[str, Any]) -> Row:
    if unknown := set(row) - {"words", "whole", "found_in", "not_in"}:
        raise PatternFileError(f"{where}: unknown {sorted(unknown)}; see the head of the file")
    if not all(row.get(field) for field in ("words", "found_in", "not_in")):
        raise PatternFileError(f"{where}: give words, found_in and not_in")
    words = "|".join(row["words"])
    if row.get("whole"):
        polite = held["politeness"]
        words = rf"\s*{polite['before']}(?:{words}){polite['after']}"
    try:
        # phones set the curly apostrophe
        pattern = re.compile(words.replace("'", "['’]"), re.IGNORECASE)
    except re.error as error:
        raise PatternFileError(f"{where}: not a regular expression: {error}") from error
    return Row(pattern, bool(row.get("whole")), tuple(row["found_in"]), tuple(row["not_in"]))

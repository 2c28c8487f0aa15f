"""Curated phrases of risk, matched on spaCy tokens; data in `nlu_data/patterns/risk.jsonl`.

A match is excused by a scope that its row names under `unless`, and, in any row, by an
idiom of `nlu_data/patterns/idioms.jsonl` that shares a word with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spacy.matcher import Matcher
from spacy.tokens import Doc, Span, Token

from bot.nlu.language import (
    PatternFileError,
    in_lower_case,
    pattern_vocabulary,
    read_pattern_lines,
)
from bot.nlu.phrases import PhraseTable
from bot.nlu.scope import MARKS
from bot.nlu.screening import ScreenedMatcher
from bot.nlu.taxonomy import NO_RISK, labels, risk_order
from bot.paths import PATTERNS

IDIOM_FIELDS = {"id", "patterns", "yes", "no"}
FIELDS = IDIOM_FIELDS | {"risk", "unless"}
SENTENCES = range(2, 7)
"""How many sentences a row has under `yes` and under `no`."""

_RISKS = "risk.jsonl"
_IDIOMS = "idioms.jsonl"
_OVER = "over.yml"

MAY_BE_OVER = ("active_ideation", "passive_ideation", "self_harm")
"""Risks of which a message may tell that they are past, with safety stated."""


class RiskPatterns:
    """Finds the most urgent risk whose pattern matches outside what excuses it."""

    def __init__(
        self,
        rows: Iterable[dict[str, Any]],
        idioms: Iterable[dict[str, Any]] = (),
        over: PhraseTable | None = None,
    ) -> None:
        """Compile `rows` and `idioms`; `over` finds what is told as past, safe, or still open.

        Raises:
            PatternFileError: naming the row and the field that is wrong.
        """
        self._rows: dict[str, dict[str, Any]] = {}
        self._matcher = ScreenedMatcher(pattern_vocabulary())
        self._idioms = ScreenedMatcher(pattern_vocabulary())
        self._over = over
        for row in rows:
            _check(row, _RISKS, FIELDS, self._matcher)
            _check_risk(row)
            _add(row, _RISKS, self._matcher)
            self._rows[row["id"]] = row
        for row in idioms:
            _check(row, _IDIOMS, IDIOM_FIELDS, self._idioms)
            _add(row, _IDIOMS, self._idioms)

    @classmethod
    def from_file(
        cls, path: Path = PATTERNS / _RISKS, idioms: Path = PATTERNS / _IDIOMS
    ) -> RiskPatterns:
        """Compile the patterns and the idioms of two files of JSON lines."""
        over = PhraseTable.from_file(PATTERNS / _OVER)
        return cls(read_pattern_lines(path), read_pattern_lines(idioms), over)

    def risk_of(self, doc: Doc) -> str:
        """Return the most urgent risk that `doc` matches, or `none`."""
        found = {self._rows[name]["risk"] for name, _ in self.matches(doc)}
        return next((risk for risk in risk_order() if risk in found), NO_RISK)

    def matches(self, doc: Doc) -> list[tuple[str, Span]]:
        """Return the ids and spans of the patterns that hold in `doc`.

        Spans of one id may overlap: a long one that is excused must not hide a short one.
        A document with words in capitals is read again in lower case, as spaCy leaves
        "DON'T" in one piece; the spans are then of that other document.
        """
        doc = in_lower_case(doc)
        excused = {at for _, start, end in self._idioms(doc) for at in range(start, end)}
        past = self._told_as_over(doc)
        found = []
        for key, start, end in self._matcher(doc):
            name, span = pattern_vocabulary().strings[key], doc[start:end]
            scopes = self._rows[name]["unless"]
            if self._rows[name]["risk"] in MAY_BE_OVER and past.issuperset(range(start, end)):
                continue
            if not any(token.i in excused or _in_scope(token, scopes) for token in span):
                found.append((name, span))
        return found

    def _told_as_over(self, doc: Doc) -> set[int]:
        """Return the tokens of the sentences about the past of a message that states safety."""
        if self._over is None:
            return set()
        told = [(self._over.rows[name].label, span) for name, span in self._over.matches(doc)]
        labels = {label for label, _ in told}
        if "safe" not in labels or "open" in labels:
            return set()
        return {i for label, span in told if label == "past" for i in _tokens_of_sentence(span)}


def _tokens_of_sentence(span: Span) -> range:
    return range(span.sent.start, span.sent.end)


def _in_scope(token: Token, scopes: list[str]) -> bool:
    return any(token._.get(scope) for scope in scopes)


def _check(row: dict[str, Any], file: str, fields: set[str], earlier: Matcher) -> None:
    if not isinstance(row, dict):
        raise PatternFileError(f"{file}: {row!r} is not an object with fields")
    name = row.get("id", "a row without id")
    if set(row) != fields:
        raise PatternFileError(f"{file}, {name}: fields must be {', '.join(sorted(fields))}")
    if not isinstance(name, str) or not name:
        raise PatternFileError(f"{file}, {name!r}: the id must be a text")
    if name in earlier:
        raise PatternFileError(f"{file}, {name}: the id is used twice")
    for field in ("yes", "no"):
        sentences = row[field]
        if (
            not isinstance(sentences, list)
            or len(sentences) not in SENTENCES
            or not all(isinstance(s, str) and s.strip() for s in sentences)
        ):
            raise PatternFileError(
                f"{file}, {name}: {field} must be {SENTENCES[0]} to {SENTENCES[-1]} sentences"
            )


def _check_risk(row: dict[str, Any]) -> None:
    name = row["id"]
    if row["risk"] not in labels("risk") or row["risk"] == NO_RISK:
        raise PatternFileError(f"{_RISKS}, {name}: risk {row['risk']!r} is not in the taxonomy")
    if not isinstance(row["unless"], list):
        raise PatternFileError(f"{_RISKS}, {name}: unless must be a list of scopes")
    unknown = [scope for scope in row["unless"] if scope not in MARKS]
    if unknown:
        raise PatternFileError(f"{_RISKS}, {name}: unless has unknown scope {unknown[0]!r}")


def _add(row: dict[str, Any], file: str, matcher: Matcher) -> None:
    if not row["patterns"]:
        raise PatternFileError(f"{file}, {row['id']}: patterns is empty")
    try:
        matcher.add(row["id"], row["patterns"])
    except (TypeError, ValueError, re.error) as error:
        reason = next(line for line in str(error).splitlines() if line.strip())
        raise PatternFileError(
            f"{file}, {row['id']}: patterns are not spaCy Matcher patterns ({reason})"
        ) from None

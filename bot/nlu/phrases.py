"""Curated phrases in a short notation, compiled to spaCy Matcher patterns; the data is YAML.

    a|b      one of these words
    ?a|b     one of these words, or none
    !a|b     one word that is none of these
    *3       up to three words of any kind, within the sentence
    ^ ... $  at the beginning, at the end of the message

Words are split as spaCy splits them. "don't" stands for "dont" as well, "i'm" for "im".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from spacy.tokens import Doc, Span

from bot.nlu.language import (
    PatternFileError,
    in_lower_case,
    pattern_vocabulary,
    spacy_language,
)
from bot.nlu.scope import MARKS
from bot.nlu.screening import ScreenedMatcher

FIELDS = ("phrases", "unless", "found_in", "not_in")
FEWEST_SENTENCES = 2
"""Sentences that a row needs under `found_in` and under `not_in`."""


@dataclass(frozen=True)
class PhraseRow:
    """Phrases that mean `label`, the scopes that excuse them, and sentences that prove it."""

    id: str
    label: str
    phrases: tuple[str, ...]
    unless: tuple[str, ...]
    found_in: tuple[str, ...]
    not_in: tuple[str, ...]


class PhraseTable:
    """Finds the labels whose phrases a document holds outside the scopes that excuse them."""

    def __init__(self, rows: list[PhraseRow]) -> None:
        """Compile `rows`."""
        self.rows = {row.id: row for row in rows}
        self._matcher = ScreenedMatcher(pattern_vocabulary(), checked=True)
        for row in rows:
            for anchors, phrases in _by_anchors(row.phrases).items():
                patterns = [pattern for phrase in phrases for pattern in _compiled(phrase)]
                self._matcher.add(row.id + anchors, patterns)

    @classmethod
    def from_file(cls, path: Path) -> PhraseTable:
        """Read and compile a file: label -> row name -> its fields.

        Raises:
            PatternFileError: naming the file, the row and the field that is wrong.
        """
        return cls(list(_rows(path)))

    def labels_in(self, doc: Doc) -> list[str]:
        """Return the labels found in `doc`, in the order of the file."""
        found = {self.rows[name].label for name, _ in self.matches(doc)}
        labels = dict.fromkeys(row.label for row in self.rows.values())
        return [label for label in labels if label in found]

    def matches(self, doc: Doc) -> list[tuple[str, Span]]:
        """Return the ids and spans of the rows that hold in `doc`.

        Words in capitals are read again in lower case, as spaCy leaves "DON'T" in one piece.
        """
        doc = in_lower_case(doc)
        words = [token.i for token in doc if not token.is_punct]
        found = []
        for key, start, end in self._matcher(doc):
            span, anchors = doc[start:end], pattern_vocabulary().strings[key]
            name = anchors.rstrip("^$")
            if "^" in anchors and span.start > words[0]:
                continue
            if "$" in anchors and span.end <= words[-1]:
                continue
            if not _excused(span, self.rows[name].unless):
                found.append((name, span))
        return found


def _excused(span: Span, scopes: tuple[str, ...]) -> bool:
    return any(token._.get(scope) for token in span for scope in scopes)


def _by_anchors(phrases: tuple[str, ...]) -> dict[str, list[str]]:
    """Return anchors ("", "^", "$" or "^$") -> the phrases that have them, without them."""
    found: dict[str, list[str]] = {}
    for phrase in phrases:
        anchors = ("^" if phrase.startswith("^ ") else "") + ("$" if phrase.endswith(" $") else "")
        found.setdefault(anchors, []).append(phrase.removeprefix("^ ").removesuffix(" $"))
    return found


def _rows(path: Path) -> Iterator[PhraseRow]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise PatternFileError(f"{path.name}{line}: not valid YAML") from None
    for label, rows in data.items():
        for name, fields in rows.items():
            where = f"{path.name}, {label}, {name}"
            _check(where, fields)
            yield PhraseRow(f"{label}/{name}", label, *(tuple(fields[f]) for f in FIELDS))


def _check(where: str, fields: Any) -> None:
    if not isinstance(fields, dict) or set(fields) != set(FIELDS):
        raise PatternFileError(f"{where}: fields must be {', '.join(FIELDS)}")
    for field in FIELDS:
        values = fields[field]
        if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
            raise PatternFileError(f"{where}: {field} must be a list of texts")
    unknown = [scope for scope in fields["unless"] if scope not in MARKS]
    if unknown:
        raise PatternFileError(f"{where}: unless has unknown scope {unknown[0]!r}")
    for field in ("found_in", "not_in"):
        if len(fields[field]) < FEWEST_SENTENCES:
            raise PatternFileError(f"{where}: {field} needs {FEWEST_SENTENCES} sentences or more")
    if not fields["phrases"]:
        raise PatternFileError(f"{where}: phrases is empty")
    for phrase in fields["phrases"]:
        if all(part[0] in "?*!^$" for part in phrase.split()):
            raise PatternFileError(f"{where}: {phrase!r} needs a word that is not optional")


def _compiled(phrase: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the Matcher patterns of one phrase: one for each way its words are split."""
    parts = [list(_part(part)) for part in phrase.split()]
    for choice in product(*parts):
        yield [token for tokens in choice for token in tokens]


def _part(part: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the ways to match one part of a phrase."""
    gap = re.fullmatch(r"\*(\d)", part)
    if gap:
        yield [{"IS_SENT_START": False, "OP": f"{{0,{gap.group(1)}}}"}]
        return
    if part.startswith("!"):
        words = part[1:].split("|")
        yield [{"LOWER": {"NOT_IN": words}, "IS_ALPHA": True}]
        return
    optional = part.startswith("?")
    split = [
        [t.lower_ for t in spacy_language().tokenizer(w)] for w in part.replace("?", "").split("|")
    ]
    single = [tokens[0] for tokens in split if len(tokens) == 1]
    if single:
        yield [{"LOWER": {"IN": single}, **({"OP": "?"} if optional else {})}]
    elif optional:
        yield []
    for tokens in split:
        if len(tokens) > 1:
            yield [{"LOWER": {"IN": sorted({token, token.replace("'", "")})}} for token in tokens]

"""A spaCy Matcher that tries only the patterns whose words a document holds.

spaCy tries every pattern at every word, and asks Python about every set and every regular
expression: with hundreds of patterns that is most of reading a message. Here a pattern is tried
if, for each of its tokens that must be there, the document has a word that fits it, wherever it
stands. What is found is the same.
"""

from __future__ import annotations

import re
from typing import Any

from spacy.lang.en.stop_words import STOP_WORDS
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span

OPTIONAL = ("?", "*", "!")
"""Operators of a token that may be missing; a range may be, if it begins with 0."""

Pattern = list[dict[str, Any]]


class ScreenedMatcher(Matcher):
    """A Matcher for patterns over `LOWER`; used as spaCy's own.

    A pattern is compiled when a document first holds its words. Those that people wrote are
    compiled by spaCy as they are added too, which tells of a fault at the start; those that are
    made from phrases cannot have one, and are `checked`.
    """

    def __init__(self, vocab: Any, validate: bool = True, checked: bool = False) -> None:
        """Make a matcher without patterns."""
        super().__init__(vocab, validate=validate)
        self._checked = checked
        self._kept: list[tuple[str, Pattern, list[frozenset[str]], list[re.Pattern[str]]]] = []
        self._by_word: dict[str, list[int]] = {}
        self._unlisted: list[int] = []
        self._compiled: dict[int, Matcher] = {}

    def add(self, key: str, patterns: list[Pattern], **kwargs: Any) -> None:
        """Add the patterns of a row; see spaCy's Matcher for what is raised."""
        if not self._checked:
            super().add(key, patterns, **kwargs)
        for pattern in patterns:
            tests = [_test_of(token) for token in pattern]
            needed = [test for test in tests if isinstance(test, frozenset)]
            shapes = [test for test in tests if isinstance(test, re.Pattern)]
            number = len(self._kept)
            self._kept.append((key, pattern, needed, shapes))
            if not needed:
                self._unlisted.append(number)
                continue
            for word in min(needed, key=_commonness):
                self._by_word.setdefault(word, []).append(number)

    def __call__(self, doc: Doc, *, as_spans: bool = False, **kwargs: Any) -> list[Any]:
        """Return (id, start, end) of every match, or spans; each once."""
        words = {token.lower_ for token in doc}
        numbers = {number for word in words for number in self._by_word.get(word, ())}
        seen: dict[re.Pattern[str], bool] = {}

        def fits(shape: re.Pattern[str]) -> bool:
            if shape not in seen:
                seen[shape] = any(shape.search(word) for word in words)
            return seen[shape]

        found: dict[tuple[int, int, int], None] = {}
        for number in sorted(numbers.union(self._unlisted)):
            _, _, needed, shapes = self._kept[number]
            if not any(words.isdisjoint(one) for one in needed) and all(map(fits, shapes)):
                found.update(dict.fromkeys(self._matcher(number)(doc)))
        if as_spans:
            return [Span(doc, start, end, label=key) for key, start, end in found]
        return list(found)

    def _matcher(self, number: int) -> Matcher:
        """Return a matcher of one pattern, compiled when it is first needed."""
        if number not in self._compiled:
            key, pattern, *_ = self._kept[number]
            self._compiled[number] = Matcher(self.vocab, validate=False)
            self._compiled[number].add(key, [pattern])
        return self._compiled[number]


def _test_of(token: dict[str, Any]) -> frozenset[str] | re.Pattern[str] | None:
    """Return the words, or the shape of a word, of which one must be there; None if none must."""
    operator = str(token.get("OP", "1"))
    lower = token.get("LOWER")
    if operator in OPTIONAL or operator.startswith(("{0", "{,")) or lower is None:
        return None
    if isinstance(lower, str):
        return frozenset((lower,))
    if not isinstance(lower, dict) or len(lower) != 1:
        return None
    if "REGEX" in lower:
        return re.compile(lower["REGEX"])
    return frozenset(lower["IN"]) if "IN" in lower else None


def _commonness(words: frozenset[str]) -> tuple[int, int]:
    return len(words & STOP_WORDS), len(words)

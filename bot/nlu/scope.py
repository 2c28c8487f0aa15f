"""Scope: which words of a message are denied, about somebody else, or only supposed.

A small window method in the manner of NegEx (Chapman et al. 2001, J Biomed Inform
34:301): a cue opens a scope that ends at a boundary or after a number of words, and a
look-alike (NegEx's pseudo-negation: "can't stop", "not only") opens none. Some cues close a
scope over the words before them ("suicidal? no"; NegEx's post-negation). All are data
(`nlu_data/patterns/scope.yml`). The marks are token extensions: `token._.negated`,
`token._.other` (someone else is the subject), `token._.hypothetical`, and `token._.unknown` (hoped,
feared, guessed or asked about, so that it is no news).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import yaml
from spacy.tokens import Doc, Token

from bot.paths import PATTERNS

AFTER = "negated_after"
"""Section of scope.yml with the cues that deny the words before them."""

END = "$"
"""Stands for the message's end in the phrases of `AFTER`."""

MARKS = ("negated", "other", "hypothetical", "unknown")

for _mark in MARKS:
    if not Token.has_extension(_mark):
        Token.set_extension(_mark, default=False)


class _Phrases:
    """Phrases of lower-case words, to be found in a list of words."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for text in texts:
            for words in product(*(word.split("|") for word in text.split())):
                self._by_first.setdefault(words[0], []).append(words)

    def find(self, words: list[str]) -> Iterator[tuple[int, int]]:
        """Yield the start and the end (exclusive) of every phrase in `words`."""
        for start, word in enumerate(words):
            for phrase in self._by_first.get(word, ()):
                end = start + len(phrase)
                if tuple(words[start:end]) == phrase:
                    yield start, end


@dataclass(frozen=True)
class _Scope:
    reach: int
    cues: _Phrases
    look_alikes: _Phrases
    boundaries: _Phrases


@lru_cache(maxsize=1)
def _scopes() -> dict[str, _Scope]:
    with (PATTERNS / "scope.yml").open(encoding="utf-8") as file:
        data = yaml.safe_load(file)
    return {
        name: _Scope(
            reach=data[name]["reach"],
            cues=_Phrases(data[name]["cues"]),
            look_alikes=_Phrases(data[name]["look_alikes"]),
            boundaries=_Phrases(data[name]["boundaries"]),
        )
        for name in (*MARKS, AFTER)
    }


def mark_scope(doc: Doc) -> Doc:
    """Mark the tokens of `doc` that lie in a scope, and return it."""
    words = [token.lower_ for token in doc]
    sentences = {token.i for token in doc if token.is_sent_start}
    for mark in MARKS:
        scope = _scopes()[mark]
        closed = sentences | {start for start, _ in scope.boundaries.find(words)}
        look_alikes = list(scope.look_alikes.find(words))
        for start, end in scope.cues.find(words):
            if not any(first <= start and end <= last for first, last in look_alikes):
                for index in range(end, min(len(words), end + scope.reach)):
                    if index in closed:
                        break
                    doc[index]._.set(mark, True)
    _mark_before(doc, words)
    return doc


def _mark_before(doc: Doc, words: list[str]) -> None:
    """Mark as negated what a cue denies that comes after it."""
    scope, words = _scopes()[AFTER], [*words, END]
    closed = {end - 1 for _, end in scope.boundaries.find(words)}
    look_alikes = list(scope.look_alikes.find(words))
    for start, end in scope.cues.find(words):
        if not any(first <= start and end <= last for first, last in look_alikes):
            for index in range(start - 1, max(-1, start - 1 - scope.reach), -1):
                if index in closed:
                    break
                doc[index]._.negated = True

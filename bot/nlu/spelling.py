"""Slips of the fingers mended before a message is read: "cant do tihs anymroe".

A word that stands neither in spaCy's tables of English, nor in the encoder's vocabulary, nor in the
training messages is read as the nearest common word of these messages, one slip away: a letter
swapped, lost, doubled or wrong. Nothing that anybody typed is kept.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from symspellpy import SymSpell, Verbosity

from bot.nlu.encoder import whole_words
from bot.paths import DEANERIES, MESSAGES, PATTERNS

KNOWN = 6
"""Times from which what is no listed word is one all the same ("dunno"); slips are in there too."""

RARER = 20
"""... unless a word one slip away is so many times as frequent ("wnat")."""

COMMON = 3
"""Times from which a known word is what a slip may have meant."""

SHORTEST = 3
"""Letters of a word that is mended; of so short a one only swapped letters."""

FOREIGN = 0.5
"""Share of unknown words without a neighbour from which a message is in no English we know."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True)
class Spelling:
    """Words that are known, and the common ones by their possible slips."""

    known: frozenset[str]
    common: SymSpell

    def mended(self, text: str) -> str:
        """Return `text` with its slips mended; words with capitals or digits stay as they are."""
        words = {w for w in _WORD.findall(text) if w.islower() and w.isalpha()}
        unknown = [w for w in words if len(w) >= SHORTEST and w not in self.known]
        meant = {w: near for w in unknown if (near := self._nearest(w))}
        foreign = any(not w.isascii() for w in unknown)
        if not meant or foreign or 1 - len(meant) / len(unknown) > FOREIGN:
            return text
        return _WORD.sub(lambda match: meant.get(match[0], match[0]), text)

    def _nearest(self, word: str) -> str | None:
        found = self.common.lookup(word, Verbosity.CLOSEST, max_edit_distance=1)
        letters = sorted(word)  # a swap, or an apostrophe left out
        same = (near.term for near in found if sorted(near.term.replace("'", "")) == letters)
        best = next(same, None)
        if best is None and found and len(word) > SHORTEST:
            best = found[0].term
        return best


@lru_cache(maxsize=1)
def spelling() -> Spelling:
    """Return the spelling of the training messages, with the words that are known elsewhere."""
    counts: Counter[str] = Counter()
    for path in sorted(MESSAGES.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            counts.update(_WORD.findall(json.loads(line)["text"].lower()))
    curated = set()
    for path in (*PATTERNS.rglob("*.jsonl"), *PATTERNS.rglob("*.yml"), *DEANERIES.rglob("*.yml")):
        curated.update(_WORD.findall(path.read_text(encoding="utf-8").lower()))
    listed = curated | whole_words() | _english()
    often = {word for word, count in counts.items() if count >= KNOWN and word not in listed}
    common = SymSpell(max_dictionary_edit_distance=1)
    for word, count in counts.items():
        if count >= COMMON and len(word) >= SHORTEST and (word in listed or word in often):
            common.create_dictionary_entry(word, count)

    def is_slip(word: str) -> bool:
        near = common.lookup(word, Verbosity.ALL, max_edit_distance=1)
        return any(other.count >= RARER * counts[word] for other in near)

    slips = {word for word in often if is_slip(word)}
    for word in slips:
        common.delete_dictionary_entry(word)
    return Spelling(frozenset(listed | often - slips), common)


def _english() -> set[str]:
    """Return the inflected and plain words of spaCy's tables of lemmas."""
    spec = importlib.util.find_spec("spacy_lookups_data")
    assert spec is not None, "spacy-lookups-data is in requirements.lock"
    assert spec.origin is not None
    tables = Path(spec.origin).parent / "data"

    def table(name: str) -> dict[str, Any]:
        with gzip.open(tables / f"en_lemma_{name}.json.gz", "rt", encoding="utf-8") as file:
            return json.load(file)

    words = {word for pair in table("lookup").items() for word in pair}
    for plain in table("index").values():
        words.update(word + ending for word in plain for ending in ("", "s"))
    return {word.lower() for word in words if word.isalpha()}

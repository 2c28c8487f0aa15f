"""What tired thumbs do to a message: typos and lost capitals, the same ones every time."""

from __future__ import annotations

import random
from collections.abc import Iterable

SEED = 7

SLIP_EVERY = 40
"""Characters to one slip; every message has one."""

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {
    letter: row[max(0, i - 1) : i] + row[i + 1 : i + 2]
    for row in _ROWS
    for i, letter in enumerate(row)
}


def lost_capitals(texts: Iterable[str]) -> list[str]:
    """Return `texts` without capitals."""
    return [text.lower() for text in texts]


def lost_apostrophes(texts: Iterable[str]) -> list[str]:
    """Return `texts` without capitals and apostrophes."""
    return [text.lower().replace("'", "").replace("’", "") for text in texts]


def typos(texts: Iterable[str], seed: int = SEED) -> list[str]:
    """Return `texts` with slips inside their words: swapped, dropped, doubled or wrong letters."""
    draw = random.Random(seed)
    return [_slip(text, draw) for text in texts]


def _slip(text: str, draw: random.Random) -> str:
    letters = list(text)
    inside = [
        i
        for i in range(1, len(text) - 1)
        if text[i - 1].isalpha() and text[i].isalpha() and text[i + 1].isalpha()
    ]
    chosen = draw.sample(inside, min(len(inside), max(1, len(text) // SLIP_EVERY)))
    for i in chosen:
        slip = draw.choice(("swapped", "dropped", "doubled", "wrong"))
        if slip == "swapped":
            letters[i], letters[i + 1] = letters[i + 1], letters[i]
        elif slip == "dropped":
            letters[i] = ""
        elif slip == "doubled":
            letters[i] *= 2
        else:
            letters[i] = draw.choice(_BESIDE.get(letters[i].lower(), letters[i]))
    return "".join(letters)

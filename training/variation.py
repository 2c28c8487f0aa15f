"""What training messages go through so that the encoder does not learn their surface.

Drawn anew in every epoch; the messages themselves stay as they were written.
"""

from __future__ import annotations

import random

import numpy as np

NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok",
    "o": "ipl", "p": "ol", "a": "qsz", "s": "adw", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy",
    "j": "hku", "k": "jli", "l": "ko", "z": "xs", "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng",
    "n": "bmh", "m": "nk",
}  # fmt: skip
"""Keys beside each key of a British keyboard, as far as letters go."""

SLIPS = (0.01, 0.03, 0.05)
"""Shares of letters that go wrong; one is drawn for each message."""

LONGEST_JOINED = 90
"""Words that two joined messages may have together."""


def slip(text: str, draw: random.Random) -> str:
    """Return `text` as tired fingers type it: letters swapped, lost, doubled or beside the mark."""
    if draw.random() < 0.5:
        text = text.lower()
    if draw.random() < 0.4:
        text = "".join(c for c in text if c not in ".,;:'’!?")
    share, result, at = draw.choice(SLIPS), [], 0
    while at < len(text):
        letter = text[at]
        at += 1
        if not letter.isalpha() or draw.random() >= share:
            result.append(letter)
            continue
        kind = draw.random()
        if kind < 0.3 and at < len(text):
            result += [text[at], letter]
            at += 1
        elif kind < 0.6:
            continue
        elif kind < 0.8:
            result += [letter, letter]
        else:
            result.append(draw.choice(NEIGHBOURS.get(letter.lower(), letter)))
    return "".join(result)


def joined_pairs(
    texts: list[str], intents: np.ndarray, share: float, draw: random.Random
) -> list[tuple[int, int]]:
    """Return pairs of messages of the same known intent to be read as one longer message."""
    pairs = []
    for _ in range(int(len(texts) * share)):
        first, second = draw.randrange(len(texts)), draw.randrange(len(texts))
        words = len(texts[first].split()) + len(texts[second].split())
        if 0 <= intents[first] == intents[second] and words <= LONGEST_JOINED:
            pairs.append((first, second))
    return pairs


def join(first: str, second: str, draw: random.Random) -> str:
    """Return the two messages as one."""
    return first.rstrip() + draw.choice([". ", " ", ", ", "\n"]) + second

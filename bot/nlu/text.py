"""What a message's text is turned into before anything reads it."""

from __future__ import annotations

import re
import unicodedata

from bot.nlu.spelling import spelling

MAX_CHARACTERS = 10_000
"""Characters of a message that are read: all that a channel passes on."""

LONG_MESSAGE = 45
"""Words from which a message is also read in parts."""

WINDOW = (12, 40)
"""Words in one part: a part ends at the first sentence end after the first number, at the latest
after the second."""

_INVISIBLE = {"Cc", "Cf", "Co", "Cn", "Cs"}


def clean(text: str) -> str:
    """Return `text` in one Unicode form, without control and invisible characters.

    Of a text over `MAX_CHARACTERS` the beginning and the end are kept: people put what
    matters most at either.
    """
    text = unicodedata.normalize("NFKC", text[: 4 * MAX_CHARACTERS])
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')
    text = "".join(
        " " if unicodedata.category(c) in _INVISIBLE and c != "\u200d" else c for c in text
    )
    text = re.sub(r"\s+", " ", text).strip()
    if len(text) > MAX_CHARACTERS:
        half = MAX_CHARACTERS // 2
        text = f"{text[:half]} {text[-half:]}"
    return text


def as_read(text: str) -> str:
    """Return `text` as it is read: cleaned, its slips of the fingers mended."""
    return spelling().mended(clean(text))


def windows(text: str) -> list[str]:
    """Split a long cleaned `text` into parts of a few sentences; a short one has none."""
    words = text.split()
    if len(words) < LONG_MESSAGE:
        return []
    shortest, longest = WINDOW
    parts: list[list[str]] = [[]]
    for word in words:
        parts[-1].append(word)
        ended = len(parts[-1]) >= shortest and word[-1] in ".!?;"
        if ended or len(parts[-1]) >= longest:
            parts.append([])
    return [" ".join(part) for part in parts if part]

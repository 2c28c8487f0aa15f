"""Receipts: sixteen random digits, and the two keys that are derived from one.

Sixteen digits, as GlobaLeaks has them, look like a phone number and can be typed on a keypad.
They are 53 bits, which Argon2id, the limits on guessing and the end of tickets make enough.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import NamedTuple

from bot.referrals import kdf

DIGITS = 16

_BETWEEN = r"[\s.\-_/‐‑‒–—]"
_GROUPED = re.compile(rf"(?<![0-9])[0-9]{{4}}(?:{_BETWEEN}{{1,3}}[0-9]{{4}}){{3}}(?![0-9])")
_RUN = re.compile(rf"[0-9](?:{_BETWEEN}{{0,3}}[0-9])*")


class ReceiptKeys(NamedTuple):
    """What a receipt stands for: 32 bytes to find its ticket by, 32 that open the ticket's key."""

    lookup: bytes
    secret: bytes


def new_receipt() -> str:
    """Return a receipt as it is shown: four groups of four digits."""
    return show_receipt(f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}")


def show_receipt(digits: str) -> str:
    """Return sixteen digits in four groups."""
    return " ".join(digits[start : start + 4] for start in range(0, DIGITS, 4))


def read_receipt(text: str) -> str | None:
    """Return the sixteen digits of the receipt in a text, or None.

    Four groups of four are found among other numbers. Grouped otherwise, they have to be a
    number of their own, so that two phone numbers in a row are no receipt.
    """
    text = _as_digits(unicodedata.normalize("NFKC", text))
    if found := _GROUPED.search(text):
        return _digits(found.group())
    runs = (_digits(run.group()) for run in _RUN.finditer(text))
    return next((digits for digits in runs if len(digits) == DIGITS), None)


def without_receipts(text: str) -> str:
    """Return a text without any receipt in it, so that the rest can be read as usual."""
    text = unicodedata.normalize("NFKC", text)
    for pattern in (_GROUPED, _RUN):
        found = list(pattern.finditer(_as_digits(text)))
        for one in reversed(found):
            if len(_digits(one.group())) == DIGITS:
                text = f"{text[: one.start()]} {text[one.end() :]}"
    return " ".join(text.split())


def derive(receipt: str, salt: bytes, cost: kdf.Cost) -> ReceiptKeys:
    """Return a receipt's keys; takes about a second and 128 MB at the usual cost."""
    both = kdf.derive(_digits(receipt).encode("ascii"), salt, cost, 64)
    return ReceiptKeys(lookup=both[:32], secret=both[32:])


def _as_digits(text: str) -> str:
    """Return a text of the same length in which an O or l beside digits is the digit it looks like.

    Somebody copied it from paper.
    """
    for letters, digit in (("oO", "0"), ("lI", "1")):
        for _ in range(2):
            text = re.sub(rf"(?<=[0-9])[{letters}]|[{letters}](?=[0-9])", digit, text)
    return text


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)

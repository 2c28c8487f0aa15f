"""Counting somebody once without knowing who it is: keyed tokens, under keys that die.

Each period has a random key of its own. For the tables of a release the period is the calendar
month; for the help card, which is counted once a year, the calendar year. Keys are in this
process's memory only. When a period's marks were frozen into a release its key is destroyed.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Iterable
from datetime import datetime, timezone
from functools import cache

from bot.trends.vocabulary import HELP_CARD

BYTES = 16
"""128 bits of an HMAC are kept."""


def this_month() -> str:
    """Return the current month, such as 2026-05."""
    return datetime.now(timezone.utc).strftime("%Y-%m")


def period_of(month: str, facet: str) -> str:
    """Return the period in which `facet` is counted: the month (2026-05), or its year (2026)."""
    return month[:4] if facet == HELP_CARD else month


def is_year(period: str) -> bool:
    """Whether a period is a year, in which only the help card is counted."""
    return len(period) == len("2026")


class Counting:
    """The keys. A conversation is a person: nothing tells that two of them are one person's.

    A channel knows its own person's number longer, as Telegram does. Tokens are not made from it:
    whoever took this process' memory could then try numbers, and read for months back what the
    person behind one of them had brought.
    """

    def __init__(self) -> None:
        """Start without keys; each is drawn when it is first needed."""
        self._keys: dict[str, bytearray] = {}
        self._lock = threading.Lock()

    def token(self, conversation: str, period: str, facet: str, value: str) -> bytes:
        """Return the contributor token of a mark.

        It differs between facets and values too, so that marks of one person cannot be joined
        by anybody who reads the table.
        """
        with self._lock:
            return _hmac(self._key(period), conversation, facet, value)

    def person(self, conversation: str, period: str) -> bytes:
        """Return what the conversation's person is called in memory during `period`."""
        with self._lock:
            return _hmac(self._key(period), conversation)

    def periods(self) -> list[str]:
        """Return the periods that have a key."""
        with self._lock:
            return sorted(self._keys)

    def destroy(self, periods: Iterable[str]) -> None:
        """Overwrite and drop the keys of `periods`: no token of theirs can be made again."""
        with self._lock:
            for period in periods:
                key = self._keys.pop(period, None)
                if key is not None:
                    key[:] = bytes(len(key))

    def _key(self, period: str) -> bytearray:
        return self._keys.setdefault(period, bytearray(secrets.token_bytes(32)))


@cache
def counting() -> Counting:
    """Return the one of this process."""
    return Counting()


def _hmac(key: bytearray, *parts: str) -> bytes:
    return hmac.digest(key, "\x00".join(parts).encode(), "sha256")[:BYTES]

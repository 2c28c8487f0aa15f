"""Tries at a passphrase or a receipt: a member of staff has only so many before a pause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

MOST_WRONG = 5
PAUSE_SECONDS = 15 * 60
"""After so many wrong tries in a row nothing more is tried for so long."""


class Tries:
    """Counts in memory, by account; each try takes memory and a second of the processor."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Take a clock in seconds."""
        self._clock = clock
        self._made: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def admit(self, account: str) -> bool:
        """Count a try, before it is made; return whether it may be made."""
        now = self._clock()
        with self._lock:
            made, since = self._made.get(account, (0, now))
            if now - since >= PAUSE_SECONDS:
                made = 0
            if made >= MOST_WRONG:
                return False
            self._made[account] = (made + 1, now)
            return True

    def right(self, account: str) -> None:
        """Forget the tries of an account: the last one was right."""
        with self._lock:
            self._made.pop(account, None)

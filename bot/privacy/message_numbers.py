"""The numbers of a chat's messages, held for as long as Telegram lets a bot delete them."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.privacy.lifetimes import (
    DELETABLE_SECONDS,
    KEY_ROTATION_SECONDS,
    MOST_MESSAGE_NUMBERS,
)


@dataclass
class _Period:
    """The numbers noted while one key was in use: (when, whose, number), in this order."""

    made: float
    secret: bytearray = field(default_factory=lambda: bytearray(secrets.token_bytes(32)))
    noted: deque[tuple[float, bytes, int]] = field(default_factory=deque)

    def owner(self, chat: int) -> bytes:
        """Return what the chat is called in this period."""
        return hmac.digest(self.secret, str(chat).encode(), "sha256")[:16]

    def destroy(self) -> None:
        """Overwrite the key."""
        self.secret[:] = bytes(len(self.secret))
        self.noted.clear()


class MessageNumbers:
    """What /forget needs in order to delete: numbers of messages, under keys of their own.

    No chat's id is held, only a keyed hash that differs from the conversation's pseudonym and
    from period to period. A key is overwritten when the last number under it has expired.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with none; `clock` gives seconds."""
        self._clock = clock
        self._started = clock()
        self._periods: list[_Period] = []

    def note(self, chat: int, number: int) -> None:
        """Remember that the message `number` of the chat was sent now."""
        now = self._clock()
        self.sweep()
        if not self._periods or now - self._periods[-1].made >= KEY_ROTATION_SECONDS:
            self._periods.append(_Period(now))
        period = self._periods[-1]
        period.noted.append((now, period.owner(chat), number))
        if sum(len(each.noted) for each in self._periods) > MOST_MESSAGE_NUMBERS:
            self._periods[0].noted.popleft()
            self.sweep()

    def take(self, chat: int) -> list[int]:
        """Return the chat's numbers of the last 48 hours, and forget them."""
        self.sweep()
        taken: set[int] = set()
        for period in self._periods:
            owner = period.owner(chat)
            taken.update(number for _, whose, number in period.noted if whose == owner)
            period.noted = deque(entry for entry in period.noted if entry[1] != owner)
        return sorted(taken)

    def drop(self, chat: int, number: int) -> None:
        """Forget a message that was deleted."""
        for period in self._periods:
            owner = period.owner(chat)
            period.noted = deque(e for e in period.noted if e[1:] != (owner, number))

    def knows_all(self) -> bool:
        """Whether it has been running for as long as messages can be deleted."""
        return self._clock() - self._started >= DELETABLE_SECONDS

    def sweep(self) -> None:
        """Drop numbers of messages that can no longer be deleted, and keys without numbers."""
        now = self._clock()
        for period in self._periods:
            while period.noted and now - period.noted[0][0] >= DELETABLE_SECONDS:
                period.noted.popleft()
        for period in [*self._periods]:
            if not period.noted and now - period.made >= KEY_ROTATION_SECONDS:
                period.destroy()
                self._periods.remove(period)

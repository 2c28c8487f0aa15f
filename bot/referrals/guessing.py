"""Guessing receipts: fewer tries, slower tries, and counts that the health page shows.

With 53 bits behind Argon2id nobody hits a ticket by guessing online. The limits keep a guesser
from having the server's processor to himself, and make him visible.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from bot.privacy.lifetimes import LIFE_SECONDS, MOST_CONVERSATIONS
from bot.referrals.errors import TooManyGuesses

MOST_WRONG = 6
"""Wrong receipts in a conversation; after these it may try none for `LIFE_SECONDS`."""

FREE_TRIES = 2
"""Wrong receipts that cost no waiting; each one after them doubles it, from two seconds."""

BURST = 20
"""Tries that all conversations together may have at once: of a process, and of all that share."""

REFILL_SECONDS = 6
"""Seconds until one more may be made."""

SLOWEST_SECONDS = 10
"""Seconds that everybody waits when few tries are left."""

ALARM = 30
"""Wrong and refused tries in a week from which the health page calls it an attack."""


def wait_with(left: float) -> float:
    """Return the seconds that everybody waits when so many tries are left."""
    return SLOWEST_SECONDS * max(0.0, 1 - 2 * left / BURST)


class Guessing:
    """Keeps count in memory, by conversation and altogether; knows nobody."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a clock in seconds."""
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._left = float(BURST)
        self._at = clock()
        self.refused = 0
        """Tries that were refused and are not written yet."""

    def admit(self, conversation: str) -> float:
        """Allow one try; return the seconds to wait before it.

        Raises:
            TooManyGuesses: if none is allowed now.
        """
        self._refill()
        wrong = self._wrong_of(conversation)
        if wrong >= MOST_WRONG or self._left < 1:
            raise self.refuse()
        self._left -= 1
        own = 2.0 ** (wrong - FREE_TRIES + 1) if wrong >= FREE_TRIES else 0.0
        return max(own, wait_with(self._left))

    def refuse(self) -> TooManyGuesses:
        """Count a try that is refused; return what to raise."""
        self.refused += 1
        return TooManyGuesses("too many receipts were tried")

    def untried(self) -> None:
        """Take back a try that could not be made."""
        self._left = min(float(BURST), self._left + 1)

    def right(self, conversation: str) -> None:
        """Take back a try whose receipt was right, and what came before it."""
        self.untried()
        self._wrong.pop(conversation, None)

    def wrong(self, conversation: str) -> None:
        """Note a try whose receipt was wrong, or of a ticket that has ended."""
        if conversation:
            self._wrong[conversation] = (self._wrong_of(conversation) + 1, self._clock())
            self._wrong.move_to_end(conversation)
            while len(self._wrong) > MOST_CONVERSATIONS:
                self._wrong.popitem(last=False)

    def take_refused(self) -> int:
        """Return how many tries were refused since this was asked last."""
        refused, self.refused = self.refused, 0
        return refused

    def sweep(self) -> None:
        """Forget the mistakes of conversations that have ended."""
        limit = self._clock() - LIFE_SECONDS
        while self._wrong and next(iter(self._wrong.values()))[1] < limit:
            self._wrong.popitem(last=False)

    def _wrong_of(self, conversation: str) -> int:
        self.sweep()
        return self._wrong.get(conversation, (0, 0.0))[0]

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(float(BURST), self._left + (now - self._at) / REFILL_SECONDS)
        self._at = now

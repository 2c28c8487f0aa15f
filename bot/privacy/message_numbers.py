"""The numbers of a chat's messages, held for as long as Telegram lets a bot delete them."""

from __future__ import annotations

import hmac
import secrets
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.privacy.lifetimes import (
    DELETABLE_SECONDS,
    HOUR,
    MOST_MESSAGE_NUMBERS,
    NUMBERS_SECONDS,
)

TAG, NUMBER = 16, 8
"""Bytes of an entry: by what it is found, and the number under a mask."""


UNKNOWN = 0
"""Stands for a message that may be in the chat under a number that nobody told us."""


@dataclass
class _Hour:
    """What was noted in one hour, counted from the clock's zero, under a key of its own.

    The place of a number among those of its chat, and the chat's id, give both the tag and the
    mask. So two entries of one chat have nothing in common for whoever does not have its id, and
    as they lie in the order of their tags, not even their order tells what came together.
    """

    hour: int
    secret: bytearray = field(default_factory=lambda: bytearray(secrets.token_bytes(32)))
    entries: list[bytes] = field(default_factory=list)

    @property
    def began(self) -> float:
        """When the hour began, in the clock's seconds."""
        return float(self.hour * HOUR)

    def add(self, chat: int, number: int) -> None:
        """Put a number behind those of its chat."""
        tag, mask = self._drawn(chat, self._count(chat))
        insort(self.entries, tag + _xor(number.to_bytes(NUMBER, "big"), mask))

    def of(self, chat: int) -> list[int]:
        """Return the chat's numbers in the order in which they were noted."""
        return [self._number(chat, place) or 0 for place in range(self._count(chat))]

    def remove(self, chat: int, numbers: Iterable[int]) -> None:
        """Let go of those of `numbers` that are the chat's."""
        gone, held = set(numbers), self.of(chat)
        if not gone.intersection(held):
            return
        for place in range(len(held)):
            del self.entries[bisect_left(self.entries, self._drawn(chat, place)[0])]
        for number in held:
            if number not in gone:
                self.add(chat, number)

    def destroy(self) -> None:
        """Overwrite the key, so that it is not left behind in freed memory."""
        self.secret[:] = bytes(len(self.secret))
        self.entries.clear()

    def _count(self, chat: int) -> int:
        """Return how many numbers the chat has; they have the places from 0 on."""
        most = 1
        while self._number(chat, most - 1) is not None:
            most *= 2
        return bisect_left(range(most), True, key=lambda at: self._number(chat, at) is None)

    def _number(self, chat: int, place: int) -> int | None:
        tag, mask = self._drawn(chat, place)
        at = bisect_left(self.entries, tag)
        if at == len(self.entries) or not self.entries[at].startswith(tag):
            return None
        return int.from_bytes(_xor(self.entries[at][TAG:], mask), "big")

    def _drawn(self, chat: int, place: int) -> tuple[bytes, bytes]:
        digest = hmac.digest(self.secret, f"{chat}\x00{place}".encode(), "sha256")
        return digest[:TAG], digest[TAG : TAG + NUMBER]


class MessageNumbers:
    """What /forget needs in order to delete: numbers of messages, by the hour.

    No chat's id is held, no time finer than the hour, and nothing that joins an entry to another,
    or to a conversation. Who has a chat's id can find its numbers, as /forget does.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with none; `clock` gives seconds."""
        self._clock = clock
        self._started = clock()
        self._dropped_until: float | None = None
        self._hours: list[_Hour] = []

    def note(self, chat: int, number: int) -> None:
        """Remember that the message `number` of the chat was sent in this hour."""
        self.sweep()
        hour = int(self._clock() // HOUR)
        if not self._hours or self._hours[-1].hour != hour:
            self._hours.append(_Hour(hour))
        self._hours[-1].add(chat, number)
        while sum(len(each.entries) for each in self._hours) > MOST_MESSAGE_NUMBERS:
            self._dropped_until = min(self._hours[0].began + HOUR, self._clock())
            self._hours.pop(0).destroy()

    def of(self, chat: int) -> list[int]:
        """Return the chat's numbers that are held."""
        return sorted(self._all(chat) - {UNKNOWN})

    def unknown(self, chat: int) -> bool:
        """Whether the chat may have a message of ours of which the number is not known."""
        return UNKNOWN in self._all(chat)

    def let_go(self, chat: int, numbers: Iterable[int]) -> None:
        """Forget these numbers of the chat."""
        gone = set(numbers)
        for each in self._hours:
            each.remove(chat, gone)

    def forget(self, chat: int) -> None:
        """Forget every number of the chat."""
        self.let_go(chat, self._all(chat))

    def _all(self, chat: int) -> set[int]:
        self.sweep()
        return {number for each in self._hours for number in each.of(chat)}

    def restarted(self) -> bool:
        """Whether it began so late that older messages which could be deleted are not known."""
        return self._clock() - self._started < DELETABLE_SECONDS

    def some_dropped(self) -> bool:
        """Whether numbers that could still be needed were dropped, as there were too many."""
        dropped = self._dropped_until
        return dropped is not None and self._clock() - dropped < DELETABLE_SECONDS

    def sweep(self) -> None:
        """Drop the hours of which no message can be deleted any more, with their keys."""
        now = self._clock()
        while self._hours and now - self._hours[0].began >= NUMBERS_SECONDS:
            self._hours.pop(0).destroy()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))

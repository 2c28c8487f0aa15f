"""What is remembered of open Telegram chats: which buttons may be pressed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.privacy.lifetimes import LIFE_SECONDS, MOST_CONVERSATIONS


@dataclass
class Chat:
    """One conversation's buttons (id to payload, label to payload), their message, its last use.

    `receipts` are the numbers of messages that show a receipt, until they are deleted.
    """

    used: float
    buttons: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    keyboard: int | None = None
    album: str | None = None
    told_too_fast: bool = False
    receipts: set[int] = field(default_factory=set)


class Chats:
    """Open chats, by pseudonym, for as long as their conversations live."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with none; `clock` gives seconds."""
        self._clock = clock
        self._open: OrderedDict[str, Chat] = OrderedDict()

    def of(self, name: str) -> Chat:
        """Return the chat of the pseudonym `name`, new if there is none."""
        self.sweep()
        chat = self._open.setdefault(name, Chat(self._clock()))
        chat.used = self._clock()
        self._open.move_to_end(name)
        return chat

    def drop(self, name: str) -> None:
        """Forget the chat."""
        self._open.pop(name, None)

    def sweep(self) -> None:
        """Forget chats that have ended, and the one unused longest if there are too many."""
        limit = self._clock() - LIFE_SECONDS
        while self._open:
            name, chat = next(iter(self._open.items()))
            if chat.used > limit and len(self._open) <= MOST_CONVERSATIONS:
                return
            del self._open[name]

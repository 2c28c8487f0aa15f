"""Deleting the messages of chats on Telegram, beside what people write meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from bot.channels.telegram_sending import Sender
from bot.privacy.message_numbers import UNKNOWN, MessageNumbers


@dataclass(frozen=True)
class Outcome:
    """How many of a chat's messages were known, were refused by Telegram, and were not reached.

    `doubled` says that one may be there twice, of which the number is not known.
    """

    known: int
    refused: int
    unreached: int
    doubled: bool

    @property
    def deleted(self) -> int:
        """How many are deleted."""
        return self.known - self.refused - self.unreached


class Deletions:
    """Deletes chats' messages, for one chat in the order in which that was asked for."""

    def __init__(self, sender: Sender, numbers: MessageNumbers) -> None:
        """Take what deletes, and where the numbers of messages are held."""
        self._sender = sender
        self._numbers = numbers
        self._running: dict[int, asyncio.Task[Outcome]] = {}
        self._beside: set[asyncio.Task[Any]] = set()

    def begin(self, chat: int) -> asyncio.Task[Outcome]:
        """Delete all messages that the chat has by now; the task ends with what came of it."""
        numbers, doubled = {*self._numbers.of(chat)}, self._numbers.unknown(chat)
        self._numbers.let_go(chat, {UNKNOWN})  # they are told now
        deleting = self._start(self._delete(chat, numbers, doubled, self._running.get(chat)))
        self._running[chat] = deleting
        deleting.add_done_callback(lambda done: self._ended(chat, done))
        return deleting

    def beside(self, telling: Coroutine[Any, Any, None]) -> None:
        """Tell what came of a deletion once it has ended, without waiting for it."""
        self._start(telling)

    async def finish(self, patience: float) -> None:
        """Wait up to `patience` seconds for what goes on, then give it up."""
        if self._beside:
            await asyncio.wait(self._beside, timeout=patience)
        for task in self._beside:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    def _ended(self, chat: int, deleting: asyncio.Task[Outcome]) -> None:
        if self._running.get(chat) is deleting:
            del self._running[chat]

    async def _delete(
        self,
        chat: int,
        numbers: set[int],
        doubled: bool,
        earlier: asyncio.Task[Outcome] | None,
    ) -> Outcome:
        if earlier is not None:
            await asyncio.wait([earlier])
            numbers &= {*self._numbers.of(chat)}
        refused, unreached = await self._sender.delete(chat, numbers)
        self._numbers.let_go(chat, numbers - unreached)  # whoever asks again has the rest still
        return Outcome(len(numbers), len(refused), len(unreached), doubled)

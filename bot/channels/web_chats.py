"""Open chats of the web page: who holds which token, which buttons, which answer."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.channels.conversation import Bubble
from bot.dialogue.state import LIFE_SECONDS, MOST_CONVERSATIONS

RETRY_SECONDS = 120
"""How long an answer is held for a page that did not get it and asks again."""

REMEMBERED = 8
"""Messages of one chat whose ids are remembered."""


class AnswerGoneError(Exception):
    """The message was answered, and the answer is no longer held."""


@dataclass(eq=False)
class Chat:
    """One open page: the name of its conversation, when it was used, what it may press or type so.

    `turns` run now, `kept` counts those that came to an end, and `ended` says that it was left.
    """

    pseudonym: str
    key: bytes
    used: float
    buttons: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    answers: OrderedDict[str, asyncio.Task[list[Bubble]] | None] = field(
        default_factory=OrderedDict
    )
    turns: int = 0
    kept: int = 0
    ended: bool = False

    async def once(
        self, message: str | None, turn: Callable[[], Coroutine[Any, Any, list[Bubble]]]
    ) -> list[Bubble]:
        """Return the answer to `message`, running `turn` unless it ran or runs already.

        The turn goes on when whoever asked has gone, so that it finds its answer when it
        asks again. A turn that raises is as if it had never been.

        Raises:
            AnswerGoneError: if it was answered longer than `RETRY_SECONDS` ago.
        """
        if message is not None and message in self.answers:
            known = self.answers[message]
            if known is None:
                raise AnswerGoneError
            return await asyncio.shield(known)
        task = asyncio.ensure_future(turn())
        self.turns += 1
        task.add_done_callback(lambda done: self._answered(message, done))
        if message is not None:
            self.answers[message] = task
            while len(self.answers) > REMEMBERED:
                self.answers.popitem(last=False)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for the turns that still run."""
        running = [task for task in self.answers.values() if task is not None]
        if running:
            await asyncio.wait(running)

    def _answered(self, message: str | None, task: asyncio.Task[list[Bubble]]) -> None:
        self.turns -= 1
        self.kept += 1
        failed = task.cancelled() or task.exception() is not None
        if message is None or message not in self.answers:
            return
        if failed:
            del self.answers[message]
        else:
            task.get_loop().call_later(RETRY_SECONDS, self._drop_answer, message)

    def _drop_answer(self, message: str) -> None:
        if message in self.answers:
            self.answers[message] = None


class Chats:
    """The open chats, by token.

    A token is 192 random bits. It is looked up by a digest under a key that only this process
    has, so how long a look-up takes tells nothing about the tokens there are, and no token
    itself is held.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start with no chats; `clock` gives seconds."""
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._held: OrderedDict[bytes, Chat] = OrderedDict()

    def open(self, pseudonym: Callable[[str], str]) -> tuple[str, Chat]:
        """Open a chat; `pseudonym` gives the conversation's name for a token."""
        token = secrets.token_urlsafe(24)
        chat = Chat(pseudonym(token), self._digest(token), self._clock())
        self._held[chat.key] = chat
        self.sweep()
        return token, chat

    def find(self, token: str) -> Chat | None:
        """Return the chat that `token` opens, if it has not ended, and note that it is used."""
        self.sweep()
        chat = self._held.get(self._digest(token))
        if chat is not None:
            chat.used = self._clock()
            self._held.move_to_end(chat.key)
        return chat

    def end(self, token: str) -> Chat | None:
        """Forget the chat that `token` opens, and return it."""
        chat = self._held.pop(self._digest(token), None)
        if chat is not None:
            chat.ended = True
        return chat

    async def fetch(self, token: str) -> Chat | None:
        """Return what `find` finds; where chats are shared, also one that another worker began."""
        return self.find(token)

    async def keep(
        self, token: str, chat: Chat, message: str | None, bubbles: Sequence[Bubble]
    ) -> None:
        """Note what a turn left and answered, where chats are shared; here it is held already."""

    async def answer(self, token: str, message: str) -> list[Bubble] | None:
        """Return the answer that another worker gave to `message`, if it is still held."""
        return None

    async def forget(self, token: str) -> None:
        """Delete what is shared of a chat that has ended; here there is nothing."""

    def __len__(self) -> int:
        return len(self._held)

    def _digest(self, token: str) -> bytes:
        return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), key=self._key).digest()

    def sweep(self) -> None:
        """Forget the chats that have ended."""
        limit = self._clock() - LIFE_SECONDS
        while self._held:
            chat = next(iter(self._held.values()))
            if chat.used > limit and len(self._held) <= MOST_CONVERSATIONS:
                return
            del self._held[chat.key]

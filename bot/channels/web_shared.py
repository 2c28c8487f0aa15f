"""Open chats that several workers share: in a Redis, sealed with the token that only a page has.

Whichever worker a page meets finds its conversation's name, the buttons that may be pressed, the
ids of messages that were answered, and for two minutes the last answer. Redis holds them under a
digest of the token and encrypted with a key made from it, so that nobody who reads Redis without
the token learns what was said or which conversation it was. The workers share no key.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from bot.channels.conversation import Bubble, Button
from bot.channels.web_chats import REMEMBERED, RETRY_SECONDS, Chat, Chats
from bot.dialogue.state import LIFE_SECONDS
from bot.privacy.pseudonyms import BYTES
from bot.redis_client import REDIS_ERRORS, LostError, RedisClient

logger = logging.getLogger(__name__)

CHAT, ANSWER = "sidedoor:chat:", "sidedoor:answer:"
"""What the keys of Redis begin with; a digest of the token follows."""


def new_name() -> str:
    """Return a name for a conversation, which nothing but the sealed record ties to its token."""
    return secrets.token_hex(BYTES)


class SharedChats(Chats):
    """The open chats of all workers.

    What runs now is held in this process alone: the proxy in front brings a page to the same
    worker, so a message that is sent twice meets the turn that answers it. A page that comes
    from another worker, because that one has gone, is taken up where its last answer left it.
    """

    def __init__(self, address: str, clock: Callable[[], float]) -> None:
        """Take the address of Redis, and a clock that gives seconds."""
        super().__init__(clock)
        self._redis = RedisClient(address)

    async def fetch(self, token: str) -> Chat | None:
        """Return the chat that `token` opens, whoever began it, as its last turn left it."""
        self.sweep()
        key = self._digest(token)
        before = self._held.get(key)
        kept = before.kept if before is not None else 0
        record = _opened(token, await self._redis().get(CHAT + _place(token)))
        if record is None:
            self.end(token)
            return None
        chat = self._held.get(key)
        if chat is None:
            if before is not None:
                return None  # it was left while we asked
            chat = self._held[key] = Chat(record["name"], key, self._clock())
        if not chat.turns and chat.kept == kept:
            chat.buttons = record["buttons"]
            chat.labels = record.get("labels", {})  # none in what an earlier version wrote
        for message in record["answered"]:
            chat.answers.setdefault(message, None)
        chat.used = self._clock()
        self._held.move_to_end(key)
        return chat

    async def keep(
        self, token: str, chat: Chat, message: str | None, bubbles: Sequence[Bubble]
    ) -> None:
        """Write what a turn left, before its answer is sent; a Redis that fails costs no answer."""
        if chat.ended:
            return
        record = {
            "name": chat.pseudonym,
            "buttons": chat.buttons,
            "labels": chat.labels,
            "answered": list(chat.answers)[-REMEMBERED:],
        }
        writes: list[tuple[str, dict[str, Any], int]]
        writes = [(CHAT + _place(token), record, LIFE_SECONDS)]
        if message is not None:
            answer = {"id": message, "bubbles": [_plain(bubble) for bubble in bubbles]}
            writes.append((ANSWER + _place(token), answer, RETRY_SECONDS))
        sealed = [(key, _sealed(token, content), life) for key, content, life in writes]
        try:
            try:
                await self._write(sealed)
            except LostError:
                # As after a restart of Redis: the library tries only single commands again.
                await self._redis().connection_pool.disconnect(inuse_connections=False)
                await self._write(sealed)
        except REDIS_ERRORS as error:
            logger.error("chat not kept: error=%s", type(error).__name__)

    async def _write(self, sealed: Sequence[tuple[str, bytes, int]]) -> None:
        async with self._redis().pipeline(transaction=True) as writing:
            for key, content, life in sealed:
                writing.set(key, content, ex=life)
            await writing.execute()

    async def answer(self, token: str, message: str) -> list[Bubble] | None:
        """Return the answer that another worker gave to `message`, if it is still held."""
        try:
            held = _opened(token, await self._redis().get(ANSWER + _place(token)))
        except REDIS_ERRORS:
            return None
        if held is None or held["id"] != message:
            return None
        return [_bubble(each) for each in held["bubbles"]]

    async def forget(self, token: str) -> None:
        """Delete what is held of a chat that has ended."""
        await self._redis().delete(CHAT + _place(token), ANSWER + _place(token))


def _derived(token: str, use: bytes, size: int) -> bytes:
    """Return a digest of the token for one use; of its 192 random bits nothing can be guessed."""
    words = token.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(words, digest_size=size, person=use).digest()


def _place(token: str) -> str:
    return _derived(token, b"sidedoor place", 16).hex()


def _box(token: str) -> SecretBox:
    return SecretBox(_derived(token, b"sidedoor seal", SecretBox.KEY_SIZE))


def _sealed(token: str, value: dict[str, Any]) -> bytes:
    return bytes(_box(token).encrypt(json.dumps(value).encode()))


def _opened(token: str, sealed: bytes | None) -> dict[str, Any] | None:
    """Return what was sealed, or None if nothing was, or not with this token."""
    if sealed is None:
        return None
    try:
        opened: dict[str, Any] = json.loads(_box(token).decrypt(sealed))
    except CryptoError:
        return None
    return opened


def _plain(bubble: Bubble) -> dict[str, Any]:
    return {
        "text": bubble.text,
        "said": bubble.said,
        "buttons": [(b.id, b.title, b.payload) for b in bubble.buttons],
    }


def _bubble(plain: dict[str, Any]) -> Bubble:
    buttons = tuple(Button(*each) for each in plain["buttons"])
    return Bubble(plain["text"], buttons, tuple(plain["said"]))

"""Sending to Telegram: patiently, at a pace it allows, and without ever logging what."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ChatAction
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.channels.conversation import Button
from bot.channels.telegram_intake import pause, seconds
from bot.privacy.message_numbers import UNKNOWN

logger = logging.getLogger(__name__)

MOST_UNITS = 4_096
"""UTF-16 units of one Telegram message."""

A_SECOND = 30
"""Messages a second that Telegram allows a bot over all chats."""

PATIENCE_SECONDS = 30 * 60
"""Seconds for which a message is tried while Telegram cannot be reached; then it is given up."""

DELETING_SECONDS = 10 * 60
"""Seconds for which messages are tried to be deleted; those that are left then are told."""

BATCH = 100
"""Messages that Telegram deletes in one call."""

UNKNOWN_AFTER = 2
"""Errors of a server that answers, after which its call that deletes many is taken to be missing:
some emulators answer a call that they lack as Telegram does when it is ill."""

TYPING_SECONDS = 4
"""Seconds after which it is shown again that an answer is being typed: Telegram shows it for 5."""

DECORATION_SECONDS = 5
"""Seconds after which a call that only decorates is given up."""

MANY_BUTTONS = 6
"""Buttons from which two share a row."""

NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Errors after which nothing can have arrived."""

Result = TypeVar("Result")


class BlockedError(RuntimeError):
    """The person has blocked the bot, or the chat is gone."""


class GivenUpError(RuntimeError):
    """A call had no success: Telegram could not be reached for too long, or refused it."""

    may_have_arrived = False
    """Whether Telegram may have done what was asked all the same, and did not say so."""


class RefusedError(GivenUpError):
    """Telegram refused a call: trying again would not help."""


class Pace:
    """Spreads messages so that no more than `per_second` go out, after a burst of as many."""

    def __init__(self, per_second: int = A_SECOND) -> None:
        """Start with a full burst."""
        self._interval = 1 / per_second
        self._burst = 1.0
        self._next = 0.0

    def delay(self, now: float) -> float:
        """Take the next place and return how many seconds off it is."""
        self._next = max(self._next, now - self._burst) + self._interval
        return max(0.0, self._next - now)


class Sender:
    """Sends with patience what matters, and tries once what only decorates."""

    def __init__(self, bot: Bot, pace: Pace | None = None) -> None:
        """Take the bot that sends."""
        self._bot = bot
        self._pace = pace or Pace()
        self._background: set[asyncio.Task[None]] = set()

    async def say(self, chat: int, text: str, buttons: tuple[Button, ...] = ()) -> list[int]:
        """Send one bubble, in several messages only if it is too long for one.

        Returns:
            The messages' numbers; the last one bears the buttons. `UNKNOWN` is among them if
            one may have come twice.

        Raises:
            BlockedError: if the person does not want to hear from us.
            GivenUpError: if Telegram would not take it.
        """
        *parts, last = split(text)
        numbers = [number for part in parts for number in await self._send(chat, part, None)]
        keyboard = keyboard_of(buttons)
        try:
            return [*numbers, *await self._send(chat, last, keyboard)]
        except GivenUpError:
            if keyboard is None:
                raise
            return [*numbers, *await self._send(chat, last, None)]  # the words matter most

    async def _send(self, chat: int, text: str, keyboard: InlineKeyboardMarkup | None) -> list[int]:
        unconfirmed: list[int] = []

        async def send() -> int:
            await asyncio.sleep(self._pace.delay(time.monotonic()))
            said = {
                "chat_id": chat,
                "text": text,
                "disable_notification": True,
                "link_preview_options": LinkPreviewOptions(is_disabled=True),
                **({"reply_markup": keyboard} if keyboard else {}),
            }
            # Of the answer only the number is read: other servers' messages may lack the rest.
            try:
                message = await self._bot.do_api_request("sendMessage", api_kwargs=said)
            except TelegramError as error:
                if may_have_arrived(error):
                    unconfirmed[:] = [UNKNOWN]
                raise
            return int(message["message_id"])

        try:
            number = await self.insist(send)
        except GivenUpError as error:
            error.may_have_arrived = bool(unconfirmed)
            raise
        return [*unconfirmed, number]

    async def delete(self, chat: int, numbers: Iterable[int]) -> tuple[set[int], set[int]]:
        """Delete messages, and return which Telegram refused, and for which it was not reached.

        One call deletes many, but does not say which it could not; then each is tried.
        """
        refused, left = set(), sorted(numbers)
        give_up = time.monotonic() + DELETING_SECONDS
        try:
            while left:
                batch = left[:BATCH]
                many = _unless_missing(partial(self._bot.delete_messages, chat, batch))
                if await self._deleted(many, give_up):
                    del left[:BATCH]
                    continue
                for number in batch:
                    one = partial(self._bot.delete_message, chat, number)
                    if not await self._deleted(one, give_up):
                        refused.add(number)
                    left.remove(number)
        except GivenUpError:
            logger.error("telegram deletes nothing more: left=%d", len(left))
        return refused, set(left)

    async def _deleted(self, call: Callable[[], Awaitable[bool]], give_up: float) -> bool:
        """Return whether a call deleted; False if it was refused, or this server has no such call.

        Raises:
            GivenUpError: if Telegram cannot be reached for too long.
        """

        async def known() -> bool:
            try:
                return await call()
            except (InvalidToken, KeyError):  # no such call; a refusal that the library cannot read
                raise BadRequest("not known") from None

        try:
            await self.insist(known, give_up)
        except (BlockedError, RefusedError):
            return False
        return True

    async def insist(
        self, call: Callable[[], Awaitable[Result]], give_up: float | None = None
    ) -> Result:
        """Make a call until it succeeds; `give_up` is the time at which it is not tried again.

        Raises:
            BlockedError: if the person has blocked the bot.
            RefusedError: if it is refused.
            GivenUpError: if Telegram cannot be reached for too long.
        """
        give_up = give_up or time.monotonic() + PATIENCE_SECONDS
        attempt = 0
        while True:
            try:
                return await call()
            except RetryAfter as error:
                wait = seconds(error.retry_after) + pause(0)
                logger.warning("telegram asks to wait: seconds=%d", wait)
            except Forbidden:
                raise BlockedError from None
            except (BadRequest, ChatMigrated) as error:
                logger.warning("telegram refused a call: error=%s", type(error).__name__)
                raise RefusedError from None
            except TelegramError as error:  # it is down, ill, or about to get a new token
                wait = pause(attempt)
                if attempt == 0:
                    logger.warning("telegram not reached: error=%s", type(error).__name__)
            if time.monotonic() + wait > give_up:
                logger.error("telegram message given up: attempts=%d", attempt + 1)
                raise GivenUpError
            attempt += 1
            await asyncio.sleep(wait)

    async def try_once(self, call: Coroutine[Any, Any, Any]) -> bool:
        """Make a call that only decorates, and return whether it succeeded."""
        try:
            await asyncio.wait_for(call, DECORATION_SECONDS)
        except Exception as error:  # nothing depends on it
            logger.info("telegram decoration failed: error=%s", type(error).__name__)
            return False
        return True

    def decorate(self, call: Coroutine[Any, Any, Any]) -> None:
        """Make a call that only decorates without waiting for it."""

        async def quietly() -> None:
            await self.try_once(call)

        task = asyncio.ensure_future(quietly())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    @asynccontextmanager
    async def typing(self, chat: int) -> AsyncIterator[None]:
        """Show that an answer is being typed for as long as it is made."""

        async def show() -> None:
            while True:
                await self.try_once(self._bot.send_chat_action(chat, ChatAction.TYPING))
                await asyncio.sleep(TYPING_SECONDS)

        showing = asyncio.ensure_future(show())
        try:
            yield
        finally:
            showing.cancel()

    async def finish(self) -> None:
        """Give up what only decorates, before a stop."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)


def _unless_missing(call: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
    """Return the call, which is refused once the server has met it with errors."""
    errors = 0

    async def made() -> bool:
        nonlocal errors
        try:
            return await call()
        except NetworkError as error:
            answered = not isinstance(error.__cause__, httpx.HTTPError)
            errors += answered and type(error) is NetworkError
            if errors < UNKNOWN_AFTER:
                raise
            raise BadRequest("not known") from None

    return made


def may_have_arrived(error: TelegramError) -> bool:
    """Whether a call that failed so may have been carried out all the same."""
    if isinstance(error, BadRequest | ChatMigrated | Conflict | Forbidden | RetryAfter):
        return False
    return not isinstance(error.__cause__, NOT_CONNECTED)


def keyboard_of(buttons: tuple[Button, ...]) -> InlineKeyboardMarkup | None:
    """Return the buttons as a keyboard, one or two in a row; None without any."""
    if not buttons:
        return None
    width = 2 if len(buttons) > MANY_BUTTONS else 1
    made = [InlineKeyboardButton(button.title, callback_data=button.id) for button in buttons]
    return InlineKeyboardMarkup([made[at : at + width] for at in range(0, len(made), width)])


def units(text: str) -> int:
    """Return the length of `text` as Telegram counts it."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def split(text: str, most: int = MOST_UNITS) -> list[str]:
    """Return `text` in parts that Telegram takes, split at lines, sentences or words if it can."""
    parts, rest = [], text.strip()
    while units(rest) > most:
        end = _end_within(rest, most)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*(part for part in parts if part), rest]


def _end_within(text: str, most: int) -> int:
    """Return where to cut so that the beginning has at most `most` units."""
    limit, count = 0, 0
    for character in text:
        count += 2 if ord(character) > 0xFFFF else 1
        if count > most:
            break
        limit += 1
    for border in (r"\n", r"(?<=[.?!…])\s", r"\s"):
        ends = [match.end() for match in re.finditer(border, text[:limit])]
        if ends and ends[-1] > limit // 4:
            return ends[-1]
    return limit

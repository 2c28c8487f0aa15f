"""Updates from Telegram: each answered once, one person's in order, different people at once."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

logger = logging.getLogger(__name__)

WANTED = ["message", "edited_message", "callback_query", "my_chat_member"]
"""Kinds of updates that Telegram is asked for."""

REMEMBERED = 10_000
"""Ids of answered updates that are remembered, so that one delivered twice is answered once."""

POLL_SECONDS = 25
"""Seconds that Telegram waits for an update before it answers that there is none."""

READ_SECONDS = 10
"""Seconds beyond these after which the connection is taken for dead."""

LOOK_AGAIN_SECONDS = 0.2
"""Seconds after which Telegram is asked again while somebody still waits for an answer."""

MOST_UPDATES = 100
"""Updates that Telegram gives at once, counted from the first that is not acknowledged."""

STUCK_SECONDS = 30
"""Seconds after which the answer to an update is taken to be stuck: longer than a turn may last."""

LONGEST_PAUSE_SECONDS = 30
"""Longest pause between attempts to reach Telegram, which double from one second."""

FINISH_SECONDS = 10
"""Seconds that a stop waits for answers that are being given."""

PART_UNITS = 2_048
"""UTF-16 units from which a message may be a part of a longer one: Telegram's apps cut what is
pasted after at most 4,096 of them, at the last good place in the second half."""

PART_SECONDS = 1.5
"""Seconds for which the next part is waited for."""

MOST_PARTS = 4
"""Parts that are joined; more is longer than any channel passes on."""


def seconds(retry_after: int | timedelta) -> float:
    """Return how long Telegram asks us to wait."""
    if isinstance(retry_after, timedelta):
        return retry_after.total_seconds()
    return float(retry_after)


def pause(attempt: int) -> float:
    """Return how long to wait after the failed attempt number `attempt`, counted from 0."""
    longest = min(LONGEST_PAUSE_SECONDS, 2.0 ** min(attempt, 10))
    return longest * random.uniform(0.5, 1.0)


class Intake:
    """Gives updates to `answer`, in the order of their ids for one person.

    A lane is the queue of one chat. It exists, with the chat's id, while something waits in it.
    """

    def __init__(self, answer: Callable[[Update, int, Sequence[Update]], Awaitable[None]]) -> None:
        """Take what answers an update.

        It is told how many more wait in the same lane, and is given the parts of a text that
        Telegram cut.
        """
        self._answer = answer
        self._lanes: dict[int, list[tuple[int, Update]]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._chats: dict[int, int] = {}
        self._begun: dict[int, float] = {}
        self._answered: OrderedDict[int, None] = OrderedDict()

    @property
    def waiting(self) -> dict[int, asyncio.Future[None]]:
        """Update id -> what is done when it has been answered, for those that still wait."""
        return self._waiting

    def knows(self, update_id: int) -> bool:
        """Whether the update waits for its answer, or was answered."""
        return update_id in self._waiting or update_id in self._answered

    def stuck_with(self, update_id: int) -> set[int]:
        """Return the waiting updates of its chat, if what this is answered now takes too long."""
        chat = self._chats.get(update_id, 0)
        begun = self._begun.get(chat)
        if begun is None or time.monotonic() - begun < STUCK_SECONDS:
            return set()
        return {number for number, whose_it_is in self._chats.items() if whose_it_is == chat}

    def take(self, update: Update) -> asyncio.Future[None]:
        """Queue an update that is new, and return what is done when it has been answered."""
        if update.update_id in self._waiting:
            return self._waiting[update.update_id]
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if update.update_id in self._answered:
            done.set_result(None)
            return done
        chat = whose(update)
        self._waiting[update.update_id], self._chats[update.update_id] = done, chat
        if chat in self._lanes:
            heapq.heappush(self._lanes[chat], (update.update_id, update))
        else:
            self._lanes[chat] = [(update.update_id, update)]
            worker = asyncio.ensure_future(self._serve(chat))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return done

    def skip(self, update_id: int) -> None:
        """Note an update that cannot be read as answered; it comes again while others wait."""
        if update_id not in self._answered:
            logger.warning("telegram update unreadable")
        self._note(update_id)

    async def finish(self) -> None:
        """Wait a little for the answers that are being given, then give the others up."""
        if self._workers:
            await asyncio.wait(self._workers, timeout=FINISH_SECONDS)
        for worker in self._workers:
            worker.cancel()

    async def _serve(self, chat: int) -> None:
        lane = self._lanes[chat]
        while lane:
            taken = await _whole_text(lane)
            numbers = [number for number, _ in taken]
            self._begun[chat] = time.monotonic()
            try:
                (_, first), *others = taken
                await self._answer(first, len(lane), [part for _, part in others])
            except Exception as error:  # the next one is answered all the same
                logger.error("telegram update failed: error=%s", type(error).__name__)
            del taken, first, others
            for number in numbers:
                self._note(number)
        del self._lanes[chat], self._begun[chat]

    def _note(self, update_id: int) -> None:
        self._answered[update_id] = None
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        self._chats.pop(update_id, None)
        done = self._waiting.pop(update_id, None)
        if done is not None and not done.done():
            done.set_result(None)


async def _whole_text(lane: list[tuple[int, Update]]) -> list[tuple[int, Update]]:
    """Take the next update from a lane, with the parts that follow if it is a long text."""
    taken = [heapq.heappop(lane)]
    while len(taken) < MOST_PARTS and _length(taken[-1][1]) >= PART_UNITS:
        if not lane:
            await asyncio.sleep(PART_SECONDS)
        if not lane or not _length(lane[0][1]):
            break
        taken.append(heapq.heappop(lane))
    return taken


def _length(update: Update) -> int:
    """Return the UTF-16 units of what somebody typed or pasted; 0 for a command and all else."""
    message = update.message
    if message is None or message.forward_origin is not None:
        return 0
    text = message.text or ""
    return 0 if text.startswith("/") else len(text.encode("utf-16-le", "surrogatepass")) // 2


def whose(update: Update) -> int:
    """Return the id of the chat that an update belongs to; 0 for none."""
    chat = update.effective_chat
    if chat is not None:
        return chat.id
    user = update.effective_user
    return user.id if user is not None else 0


class Poller:
    """Asks Telegram for updates, and acknowledges them only when they have been answered.

    Telegram counts everything below `offset` as received. The offset follows the oldest update
    that still waits for its answer, so that a crash loses none: it is delivered again.

    But from there Telegram gives a hundred and no more. When all of these are known already, and
    the chat of the oldest is stuck (it cannot be written to, say), that chat's are passed over, so
    that others are heard: their answers go on, and only a crash before these end loses them.
    """

    def __init__(self, bot: Bot, intake: Intake, reconnect: Callable[[], Awaitable[None]]) -> None:
        """Take the bot that asks, where updates go, and what is done when it falls quiet."""
        self._bot = bot
        self._reconnect = reconnect
        self._received = False
        self._intake = intake
        self._next: int | None = None
        self._passed: set[int] = set()

    @property
    def offset(self) -> int | None:
        """The lowest id that is not acknowledged, once anything was received."""
        return min(self._held_back(), default=self._next)

    def _held_back(self) -> set[int]:
        """Return the ids that wait for their answer before they are acknowledged."""
        return self._intake.waiting.keys() - self._passed

    async def run(self) -> None:
        """Poll until cancelled."""
        failures = 0
        while True:
            try:
                await self._poll()
                failures = 0
            except RetryAfter as error:
                logger.warning("telegram asks to wait: seconds=%d", seconds(error.retry_after))
                await asyncio.sleep(seconds(error.retry_after))
            except TelegramError as error:
                if isinstance(error, Conflict | InvalidToken):
                    logger.error("telegram refuses updates: error=%s", type(error).__name__)
                elif failures == 0:
                    logger.warning("telegram not reached: error=%s", type(error).__name__)
                if isinstance(error, Conflict):
                    await self._remove_webhook()
                await asyncio.sleep(pause(failures))
                failures += 1
            except Exception as error:
                logger.error("polling failed: error=%s", type(error).__name__)
                await asyncio.sleep(pause(failures))
                failures += 1

    async def _remove_webhook(self) -> None:
        """Ask that updates are given to whoever polls, if one for a webhook was in the way."""
        with contextlib.suppress(TelegramError):
            await self._bot.delete_webhook()

    async def acknowledge(self) -> None:
        """Tell Telegram what has been answered, before a stop; it need not succeed."""
        if self.offset is not None:
            with contextlib.suppress(TelegramError):
                await self._ask(limit=1, timeout=0)

    async def _poll(self) -> None:
        began = time.monotonic()
        raw = await self._ask(timeout=POLL_SECONDS, limit=MOST_UPDATES)
        given = raw if isinstance(raw, list) else []
        new = [each for each in given if not self._is_known(each)]
        self._take(self._read(new))
        self._next = max(map(_number, given), default=-1) + 1 or self._next
        if not given and self._received:
            await self._reconnect()
        self._received = bool(given)
        if not given and time.monotonic() - began < LOOK_AGAIN_SECONDS:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)  # this server does not wait for updates
        if len(given) >= MOST_UPDATES and not new and self._pass_over():
            return
        if held_back := self._held_back():
            # Until the oldest is answered Telegram would give the same ones again at once.
            await asyncio.wait(
                [self._intake.waiting[number] for number in held_back],
                timeout=LOOK_AGAIN_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )

    def _is_known(self, raw: Any) -> bool:
        return self._intake.knows(_number(raw))

    def _pass_over(self) -> bool:
        """Acknowledge what the oldest update's chat waits for if that is stuck; return whether."""
        self._passed &= self._intake.waiting.keys()
        held_back = self._held_back()
        stuck = self._intake.stuck_with(min(held_back)) & held_back if held_back else set()
        if stuck:
            logger.warning("telegram chat stuck: passed=%d", len(stuck))
            self._passed |= stuck
        return bool(stuck)

    def _read(self, given: list[Any]) -> list[Update]:
        """Read each update by itself: one that cannot be read must not hold up others.

        The library's own call would raise for all of them.
        """
        updates = []
        for each in given:
            update = readable(each, self._bot)
            if update is not None:
                updates.append(update)
                continue
            if _number(each) >= 0:
                self._intake.skip(_number(each))
        return updates

    async def _ask(self, **arguments: int) -> Any:
        """Return updates from the offset on as they are, and acknowledge those before."""
        offset = {} if self.offset is None else {"offset": self.offset}
        return await self._bot.do_api_request(
            "getUpdates",
            api_kwargs={**arguments, **offset, "allowed_updates": WANTED},
            read_timeout=arguments["timeout"] + READ_SECONDS,
        )

    def _take(self, updates: list[Update]) -> None:
        for update in sorted(updates, key=lambda each: each.update_id):
            self._intake.take(update)


def _number(raw: Any) -> int:
    """Return the id of an update as it came; -1 if there is none."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if isinstance(number, int) else -1


def readable(raw: Any, bot: Bot) -> Update | None:
    """Return an update as the library reads it, at least in part, or None if it cannot.

    Of a message with a part that the library does not understand the rest is read, so that
    whoever sent it is answered.
    """
    for attempt in (lambda: raw, lambda: _essentials(raw)):
        try:
            update = Update.de_json(attempt(), bot)
            if isinstance(update.update_id, int):
                return update
        except Exception:  # whatever is wrong with it, nothing of it is logged
            continue
    return None


def _essentials(raw: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"update_id": raw["update_id"]}
    for kind in ("message", "edited_message"):
        if kind in raw:
            message = raw[kind]
            kept[kind] = {
                "message_id": message["message_id"],
                "date": 0,
                "chat": _chat(message),
                **{name: message[name] for name in ("text", "caption") if name in message},
                "more": True,
            }
    if "callback_query" in raw:
        press = raw["callback_query"]
        message = press["message"]
        kept["callback_query"] = {
            "id": press["id"],
            "from": {"id": message["chat"]["id"], "first_name": "", "is_bot": False},
            "chat_instance": "",
            "data": press.get("data"),
            "message": {
                "message_id": message.get("message_id", 0),
                "date": 0,
                "chat": _chat(message),
            },
        }
    return kept


def _chat(message: dict[str, Any]) -> dict[str, Any]:
    return {name: message["chat"][name] for name in ("id", "type")}

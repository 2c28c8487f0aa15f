"""The assistant on Telegram, by polling or by webhook."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.telegram_answers import CHANNEL, Answers
from bot.channels.telegram_intake import WANTED, Intake, Poller, pause, readable
from bot.settings import WEBHOOK_PATH, Settings, SettingsError, settings

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"

CONNECTIONS = 64
"""Calls to Telegram that may run at once."""

ANSWER_SECONDS = 20
"""Seconds that a call to Telegram may take; then it is tried again, if it matters."""

START_SECONDS = 10
"""Seconds that a start waits for Telegram to say whether the token is right."""

WEBHOOK_SECONDS = 25
"""Seconds for which Telegram's own request waits for the answer to have been given."""

TELLING = (
    "crisis",
    "deanery",
    "depress",
    "doctor",
    "help",
    "mental",
    "psu",
    "suicid",
    "support",
    "therap",
    "trainee",
    "wellbeing",
)
"""What the name of a bot does not contain, so that it tells nothing on somebody's phone."""

LARGEST_UPDATE = 262_144
"""Bytes of one update. A text of 4,096 characters that quotes another, both escaped and with a
hundred entities, has some 70,000."""

PREFIX, _, UPDATES = WEBHOOK_PATH.rpartition("/")


class TelegramChannel(InputChannel):
    """Takes updates while the server runs; only it knows chat ids, and only while it answers."""

    def __init__(self, chosen: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the settings, in which there is a token; nothing is connected yet."""
        self._settings = chosen
        self._clock = clock
        self._secret = secrets.token_urlsafe(32)
        self._bot: Bot | None = None
        self._answers: Answers | None = None
        self._intake: Intake | None = None
        self._poller: Poller | None = None
        self._running: asyncio.Task[None] | None = None
        self._stopping = False
        self._receiving = HTTPXRequest(connection_pool_size=2, read_timeout=10)

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> TelegramChannel:
        """Make the channel from the settings; a token does not belong into credentials.yml."""
        return cls(settings())

    def url_prefix(self) -> str:
        """Return the path under which updates are taken."""
        return PREFIX

    def sweep(self) -> None:
        """Delete what has reached its end."""
        if self._answers is not None:
            self._answers.sweep()

    async def check(self) -> None:
        """Make sure that the token is right, if Telegram can be asked.

        Raises:
            SettingsError: if Telegram does not know it.
        """
        self._receiving = HTTPXRequest(connection_pool_size=2, read_timeout=10)
        bot = self._make_bot()
        try:
            await asyncio.wait_for(bot.initialize(), START_SECONDS)
            if tells_why(f"{bot.bot.first_name} {bot.bot.username}"):
                logger.warning("telegram bot has a telling name: choose a neutral one in BotFather")
            await bot.shutdown()
        except InvalidToken:
            raise SettingsError(
                "SIDEDOOR_TELEGRAM_TOKEN: Telegram does not know this token; copy it from BotFather"
            ) from None
        except Exception as error:  # not reached, or it answers what the library cannot read
            logger.warning("telegram not reached: error=%s", type(error).__name__)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the route for updates, and what begins and ends with the server."""
        routes = Blueprint("telegram")

        @routes.listener("after_server_start")
        async def start(app: Sanic, _: Any) -> None:
            self._running = asyncio.ensure_future(self._run(app))

        @routes.listener("before_server_stop")
        async def stop(app: Sanic, _: Any) -> None:
            await self._stop()

        @routes.route(f"/{UPDATES}", methods=["POST"], name="updates", stream=True)
        async def updates(request: Request) -> HTTPResponse:
            given = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
            if not hmac.compare_digest(given, self._secret.encode()):
                return response.empty(403)
            if self._intake is None or self._bot is None or self._stopping:
                return response.empty(503)  # then it is sent again
            if request.stream is not None:
                request.stream.request_max_size = LARGEST_UPDATE
            await request.receive_body()
            update = readable(_json(request), self._bot)
            if update is None:  # it would be sent again and again, and hold up the others
                logger.warning("telegram update unreadable: bytes=%d", len(request.body))
                return response.empty(200)
            done = self._intake.take(update)
            finished, _ = await asyncio.wait([done], timeout=WEBHOOK_SECONDS)
            return response.empty(200 if finished else 503)

        return routes

    def _make_bot(self) -> Bot:
        request = HTTPXRequest(
            connection_pool_size=CONNECTIONS,
            connect_timeout=10,
            read_timeout=ANSWER_SECONDS,
            write_timeout=ANSWER_SECONDS,
            pool_timeout=120,
        )
        return Bot(
            self._settings.telegram_token,
            base_url=f"{self._settings.telegram_api_url}/bot",
            base_file_url=f"{self._settings.telegram_api_url}/file/bot",
            request=request,
            get_updates_request=self._receiving,
        )

    async def _run(self, app: Sanic) -> None:
        """Connect, however long it takes, then take updates until stopped."""
        self._stopping = False
        self._receiving = HTTPXRequest(connection_pool_size=2, read_timeout=10)
        bot = self._bot = self._make_bot()
        answers = self._answers = Answers(bot, lambda: app.ctx.agent, self._clock)
        self._intake = Intake(answers.answer)
        await _until_done(bot.initialize)
        if self._settings.telegram_webhook:
            await _until_done(
                lambda: bot.set_webhook(
                    self._settings.telegram_webhook,
                    allowed_updates=WANTED,
                    secret_token=self._secret,
                )
            )
            await answers.prepare()
            return
        try:
            await bot.delete_webhook()
        except TelegramError as error:  # if one is set, polling says so
            logger.warning("telegram webhook not removed: error=%s", type(error).__name__)
        preparing = asyncio.ensure_future(answers.prepare())
        self._poller = Poller(bot, self._intake, self._reconnect)
        try:
            await self._poller.run()
        finally:
            preparing.cancel()

    async def _reconnect(self) -> None:
        """Close the connection that received updates: its buffer still holds the last ones."""
        await self._receiving.shutdown()
        await self._receiving.initialize()

    async def _stop(self) -> None:
        """Finish the answers that are being given, acknowledge them, and disconnect."""
        if self._running is None:
            return
        self._stopping = True
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        if self._intake is not None and self._answers is not None and self._bot is not None:
            await self._intake.finish()
            await self._answers.finish()
            if self._poller is not None:
                await self._poller.acknowledge()
            await asyncio.gather(self._bot.shutdown(), return_exceptions=True)


def tells_why(name: str) -> bool:
    """Whether a bot's name would tell whoever sees a list of chats what it is for."""
    return any(word in name.lower() for word in TELLING)


async def _until_done(call: Callable[[], Awaitable[Any]]) -> None:
    """Make a call until it is answered: without it nothing can be said."""
    attempt = 0
    while True:
        try:
            await call()
            return
        except TelegramError as error:
            if attempt == 0:
                logger.warning("telegram not ready: error=%s", type(error).__name__)
            await asyncio.sleep(pause(attempt))
            attempt += 1
        except Exception as error:  # it was answered, with what the library cannot read
            logger.warning("telegram answers otherwise: error=%s", type(error).__name__)
            return


def _json(request: Request) -> Any:
    """Return the JSON body, or None if it is none."""
    try:
        return request.json
    except Exception:  # Sanic raises its own kinds for broken JSON and for broken encodings
        return None

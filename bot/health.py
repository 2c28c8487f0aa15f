"""Health: whether the process lives, and whether it can answer somebody now."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.conversation import OPEN, ask_agent, fallback_bubbles
from bot.health_paths import LIVE, READY
from bot.recognition import HANGS_SECONDS

WARM_UP = "warm-up"
"""Channel of turns that nobody holds: nobody counts them."""

WORD = "you"
"""What is said in them, and recognised. The language knows this word without having met it, so that
it need not be loaded again because of it (`bot/privacy/words.py`)."""

FRESH_SECONDS = 2
"""Seconds for which one check answers all who ask, so that asking often costs nothing."""


async def can_answer(agent: Any) -> bool:
    """Hold two real turns, an opening and a message, and forget them; return whether both worked.

    They need all that somebody's turn needs: recognition, rules, wording, and where state is held.
    """

    async def handle(message: UserMessage) -> Any:
        return await agent.handle_message(message)

    conversation = f"{WARM_UP}-{secrets.token_hex(8)}"  # workers that share a Redis must not meet
    turns: tuple[dict[str, Any], ...] = ({"payload": OPEN}, {"text": WORD})
    for said in turns:
        if await ask_agent(handle, conversation, WARM_UP, **said) == fallback_bubbles():
            return False
    await agent.tracker_store.delete(conversation)
    return True


async def recognises(agent: Any) -> bool:
    """Have a word recognised, which needs nothing outside this process; return whether it was.

    So many messages may wait before it that it takes long. Then it is enough that a pass
    has ended meanwhile: nobody is to bring the process down by writing much.
    """
    recognition = agent.processor.recognition
    before = recognition.passes
    try:
        await asyncio.wait_for(recognition.of(UserMessage(WORD)), HANGS_SECONDS)
    except asyncio.TimeoutError:
        return bool(recognition.passes > before)
    return True


class Shared:
    """A check whose outcome all share who ask while it runs, or soon after it began."""

    def __init__(self, check: Callable[[Any], Awaitable[bool]], clock: Callable[[], float]) -> None:
        """Take what checks an agent; `clock` gives seconds."""
        self._check = check
        self._clock = clock
        self._asked: tuple[float, asyncio.Future[bool]] | None = None

    async def holds(self, agent: Any) -> bool:
        """Return what the check of `agent` found; one that raises found that it does not hold."""
        if self._asked is None or self._stale(*self._asked):
            self._asked = (self._clock(), asyncio.ensure_future(self._check(agent)))
        try:
            return await asyncio.shield(self._asked[1])
        except Exception:  # whatever it is, it does not work
            return False

    def _stale(self, began: float, check: asyncio.Future[bool]) -> bool:
        return check.done() and self._clock() - began >= FRESH_SECONDS


class Health:
    """Answers the two questions; `stopping` is set when the process is told to stop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without knowing; `clock` gives seconds."""
        self._recognises = Shared(recognises, clock)
        self._can_answer = Shared(can_answer, clock)
        self.stopping = False

    async def live(self, agent: Any) -> bool:
        """Whether a word is recognised; that it is asked at all needs the event loop."""
        return await self._recognises.holds(agent)

    async def ready(self, agent: Any) -> bool:
        """Whether a turn is answered."""
        return not self.stopping and await self._can_answer.holds(agent)

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("health")

        @routes.route(LIVE, methods=["GET"], name="live")
        async def live(request: Request) -> HTTPResponse:
            return response.empty(204 if await self.live(request.app.ctx.agent) else 503)

        @routes.route(READY, methods=["GET"], name="ready")
        async def ready(request: Request) -> HTTPResponse:
            return response.empty(204 if await self.ready(request.app.ctx.agent) else 503)

        return routes

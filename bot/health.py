"""Health: whether the process lives, and whether it can answer somebody now."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.conversation import OPEN, ask_agent, fallback_bubbles
from bot.health_paths import LIVE, READY

WARM_UP = "warm-up"
"""Channel of turns that nobody holds: nobody counts them."""

FRESH_SECONDS = 2
"""Seconds for which one check answers all who ask, so that asking often costs nothing."""


async def can_answer(agent: Any) -> bool:
    """Hold two real turns, an opening and a message, and forget them; return whether both worked.

    They need all that somebody's turn needs: recognition, rules, wording, and where state is held.
    """

    async def handle(message: UserMessage) -> Any:
        return await agent.handle_message(message)

    conversation = f"{WARM_UP}-{secrets.token_hex(8)}"  # workers that share a Redis must not meet
    turns: tuple[dict[str, Any], ...] = ({"payload": OPEN}, {"text": "hello"})
    for said in turns:
        if await ask_agent(handle, conversation, WARM_UP, **said) == fallback_bubbles():
            return False
    await agent.tracker_store.delete(conversation)
    return True


class Health:
    """Answers the two questions; `stopping` is set when the process is told to stop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without knowing; `clock` gives seconds."""
        self._clock = clock
        self._asked: tuple[float, asyncio.Task[bool]] | None = None
        self.stopping = False

    async def ready(self, agent: Any) -> bool:
        """Whether a turn is answered; those who ask at once share one turn."""
        if self.stopping:
            return False
        if self._asked is None or self._clock() - self._asked[0] >= FRESH_SECONDS:
            self._asked = (self._clock(), asyncio.ensure_future(can_answer(agent)))
        try:
            return await asyncio.shield(self._asked[1])
        except Exception:  # whatever it is, nobody can be answered
            return False

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("health")

        @routes.route(LIVE, methods=["GET"], name="live")
        async def live(request: Request) -> HTTPResponse:
            return response.empty(204)

        @routes.route(READY, methods=["GET"], name="ready")
        async def ready(request: Request) -> HTTPResponse:
            return response.empty(204 if await self.ready(request.app.ctx.agent) else 503)

        return routes

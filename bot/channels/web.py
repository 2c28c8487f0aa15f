"""The chat on a web page: plain HTTP requests and a token held in the page's memory only."""

from __future__ import annotations

import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.conversation import OPEN, Bubble, ask_agent
from bot.deanery import deaneries
from bot.dialogue.state import LIFE_SECONDS, MOST_CONVERSATIONS
from bot.privacy.pseudonyms import Pseudonyms

logger = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "web_page"
FILES = {
    "": ("chat.html", "text/html; charset=utf-8"),
    "chat.css": ("chat.css", "text/css; charset=utf-8"),
    "chat.js": ("chat.js", "text/javascript; charset=utf-8"),
}

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


CODES = {408: "timeout", 413: "too_large"}
"""HTTP status -> error code, of what Sanic refuses; anything else is `failed`."""


@dataclass
class _Chat:
    """One open page: when it was last used, and the buttons it may press."""

    used: float
    buttons: dict[str, str] = field(default_factory=dict)


class WebChannel(InputChannel):
    """Serves the page and answers its requests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with no chats; `clock` gives seconds."""
        self._clock = clock
        self._pseudonyms = Pseudonyms(clock)
        self._chats: OrderedDict[str, _Chat] = OrderedDict()

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WebChannel:
        """Make the channel; it needs no credentials."""
        return cls()

    def url_prefix(self) -> str:
        """Return the path under which the page and its requests lie."""
        return "/chat"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("web_chat")

        @routes.route("/", methods=["GET"], name="page")
        @routes.route("/<name:str>", methods=["GET"], name="file")
        async def page(request: Request, name: str = "") -> HTTPResponse:
            if name not in FILES:
                return _error(404, "not_found")
            if not name and not request.path.endswith("/"):  # the page's own links are relative
                query = f"?{request.query_string}" if request.query_string else ""
                place = f"{request.path.rpartition('/')[2]}/{query}"
                return response.redirect(place, dict(HEADERS))
            file, kind = FILES[name]
            return response.raw((PAGE / file).read_bytes(), content_type=kind, headers=HEADERS)

        @routes.route("/start", methods=["POST"], name="start")
        async def start(request: Request) -> HTTPResponse:
            body = _body(request)
            if body is None:
                return _error(400, "json_object_expected")
            deanery = body.get("deanery")
            known = isinstance(deanery, str) and deanery in deaneries()
            token = self._open()
            bubbles = await ask_agent(
                on_new_message,
                self._pseudonyms.of(self.name(), token),
                self.name(),
                payload=OPEN,
                deanery=deanery if known else None,
            )
            return self._answer(token, bubbles, {"token": token})

        @routes.route("/send", methods=["POST"], name="send")
        async def send(request: Request) -> HTTPResponse:
            body = _body(request)
            if body is None:
                return _error(400, "json_object_expected")
            token, text, button = body.get("token"), body.get("text"), body.get("button")
            if not isinstance(token, str):
                return _error(400, "token_missing")
            chat = self._chat(token)
            if chat is None:
                return _error(410, "conversation_ended")
            if isinstance(button, str):
                payload = chat.buttons.get(button)
                if payload is None:
                    return _error(409, "button_expired")
                chat.buttons = {}  # a second press of the same button, sent meanwhile, is refused
                said: dict[str, Any] = {"payload": payload}
            elif isinstance(text, str):
                said = {"text": text}
            else:
                return _error(400, "text_or_button_missing")
            bubbles = await ask_agent(
                on_new_message, self._pseudonyms.of(self.name(), token), self.name(), **said
            )
            return self._answer(token, bubbles, {})

        @routes.exception(Exception)
        async def failed(request: Request, error: Exception) -> HTTPResponse:
            status = int(getattr(error, "status_code", 500))
            if status >= 500:
                logger.error("request failed: error=%s", type(error).__name__)
            return _error(status, CODES.get(status, "failed"))

        return routes

    def sweep(self) -> None:
        """Forget the tokens and names of chats that have ended."""
        self._pseudonyms.sweep()
        for token in [*self._chats]:
            if self._clock() - self._chats[token].used >= LIFE_SECONDS:
                del self._chats[token]

    def _open(self) -> str:
        token = secrets.token_urlsafe(24)
        self._chats[token] = _Chat(self._clock())
        while len(self._chats) > MOST_CONVERSATIONS:
            self._chats.popitem(last=False)
        return token

    def _chat(self, token: str) -> _Chat | None:
        chat = self._chats.get(token)
        if chat is None or self._clock() - chat.used >= LIFE_SECONDS:
            self._chats.pop(token, None)
            return None
        chat.used = self._clock()
        self._chats.move_to_end(token)
        return chat

    def _answer(self, token: str, bubbles: list[Bubble], more: dict[str, Any]) -> HTTPResponse:
        """Return the bubbles as JSON, and let only their buttons be pressed from now on."""
        chat = self._chats.get(token)
        if chat is not None:
            chat.buttons = {b.id: b.payload for bubble in bubbles for b in bubble.buttons}
        messages = [
            {
                "text": bubble.text,
                "buttons": [{"id": b.id, "title": b.title} for b in bubble.buttons],
            }
            for bubble in bubbles
        ]
        return response.json({"messages": messages, **more}, headers=HEADERS)


def _body(request: Request) -> dict[str, Any] | None:
    """Return the JSON body as a mapping, empty if there is none; None if it is anything else."""
    try:
        body = request.json
    except Exception:  # Sanic raises its own kinds for broken JSON and for broken encodings
        return None
    if body is None and not request.body:
        return {}
    return body if isinstance(body, dict) else None


def _error(status: int, code: str) -> HTTPResponse:
    return response.json({"error": code}, status=status, headers=HEADERS)

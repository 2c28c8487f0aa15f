"""The chat on a web page: plain HTTP requests and a token held in the page's memory only."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.confidant import Confidant
from bot.channels.conversation import OPEN, Bubble, ask_agent, fallback_bubbles, labels_of
from bot.channels.telling import Telling, tells
from bot.channels.web_chats import AnswerGoneError, Chat, Chats
from bot.channels.web_files import (
    PLAIN,
    File,
    Look,
    chat_page,
    demo_page,
    launcher,
    plain_file,
    qr_code,
    stylesheet,
)
from bot.channels.web_limits import AddressBuckets, Buckets, Limits, client_address
from bot.channels.web_origins import Origins
from bot.channels.web_shared import SharedChats, new_name
from bot.dialogue.in_confidence import in_confidence
from bot.privacy.pseudonyms import Pseudonyms
from bot.redis_client import REDIS_ERRORS
from bot.settings import Settings, settings

logger = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Headers of everything that is sent; the policy below joins them."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)
"""Content security policy: nothing of others, nothing inline."""

LAUNCHER_HEADERS = {"Cache-Control": "max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Other sites load the launcher. Browsers keep it for an hour, so that it shows the numbers even
when the server is down; it is on every page of the intranet and tells nothing about anybody."""

CODES = {404: "not_found", 408: "timeout", 413: "too_large", 503: "timeout"}
"""HTTP status -> error code, of what Sanic refuses; anything else is `failed`."""

ROUTE_HEADER = "X-Sidedoor-Conversation"
"""Header with a random number that a page draws for each conversation. It opens nothing and is not
read here: a proxy in front of several workers gives the same one to the same worker."""

MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class WebChannel(InputChannel):
    """Serves the page and answers its requests."""

    def __init__(
        self,
        chosen: Settings | None = None,
        clock: Callable[[], float] = time.monotonic,
        limits: Limits | None = None,
    ) -> None:
        """Start with no chats; `clock` gives seconds."""
        self._settings = chosen or settings()
        self._limits = limits or Limits()
        self._origins = Origins(self._settings.origins)
        self._pseudonyms = Pseudonyms(clock)
        redis = self._settings.redis_url
        self._chats = SharedChats(redis, clock) if redis else Chats(clock)
        self._conversations = Buckets(self._limits.conversation, clock)
        self._addresses = AddressBuckets(self._limits.address, clock)
        self._running = 0

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
            if not name and not request.path.endswith("/"):  # the page's own links are relative
                query = f"?{request.query_string}" if request.query_string else ""
                place = f"{request.path.rpartition('/')[2]}/{query}"
                return response.redirect(place, self._headers(request))
            return self._file(request, name)

        @routes.route("/start", methods=["OPTIONS"], name="before_start")
        @routes.route("/send", methods=["OPTIONS"], name="before_send")
        @routes.route("/end", methods=["OPTIONS"], name="before_end")
        async def preflight(request: Request) -> HTTPResponse:
            return response.empty(headers=self._headers(request))

        @routes.route("/start", methods=["POST"], name="start")
        async def start(request: Request) -> HTTPResponse:
            return self._refused(request, self._limits.opening_costs) or await self._start(
                request, on_new_message
            )

        @routes.route("/send", methods=["POST"], name="send")
        async def send(request: Request) -> HTTPResponse | None:
            return self._refused(request) or await self._send(request, on_new_message)

        @routes.route("/end", methods=["POST"], name="end")
        async def end(request: Request) -> HTTPResponse:
            return self._refused(request) or await self._end(request)

        @routes.exception(Exception)
        async def failed(request: Request, error: Exception) -> HTTPResponse:
            status = int(getattr(error, "status_code", 500))
            if status == 500:
                logger.error("request failed: error=%s", type(error).__name__)
            return self._error(request, status, CODES.get(status, "failed"))

        return routes

    def sweep(self) -> None:
        """Forget the tokens and names of chats that have ended, and who has asked for a while."""
        self._addresses.sweep()
        self._conversations.sweep()
        self._pseudonyms.sweep()
        self._chats.sweep()
        in_confidence().sweep()

    async def _start(self, request: Request, handle: Callable[..., Any]) -> HTTPResponse:
        """Open a conversation: a token, and what is said first."""
        body = _body(request)
        if body is None:
            return self._error(request, 400, "json_object_expected")
        named = {"deanery": body["deanery"]} if isinstance(body.get("deanery"), str) else {}
        deanery = Look.asked(named, "").deanery
        if not self._origins.may_open(request.headers, deanery or self._settings.deanery):
            return self._error(request, 403, "origin_not_allowed")
        token, chat = self._chats.open(self._new_name)
        opening = {"payload": OPEN, "deanery": deanery or None}
        bubbles = await chat.once(
            None, lambda: self._turn(handle, chat, {}, (token, None), **opening)
        )
        return self._answer(request, bubbles, {"token": token})

    async def _send(self, request: Request, handle: Callable[..., Any]) -> HTTPResponse | None:
        """Answer a message or the press of a button, once for every id that a page gives it.

        What tells somebody that their ticket went is sent here, as it is noted once it is sent.
        """
        body = _body(request)
        if body is None:
            return self._error(request, 400, "json_object_expected")
        token, message = body.get("token"), body.get("id")
        if not isinstance(token, str):
            return self._error(request, 400, "token_missing")
        if message is not None and not (isinstance(message, str) and MESSAGE_ID.fullmatch(message)):
            return self._error(request, 400, "id_not_valid")
        try:
            chat = await self._chats.fetch(token)
        except REDIS_ERRORS as error:  # nobody is left without the numbers
            logger.error("chat not found: error=%s", type(error).__name__)
            return self._answer(request, fallback_bubbles())
        if chat is None:
            return self._error(request, 410, "conversation_ended")
        wait = self._conversations.take(chat.key)
        if wait:
            return self._too_fast(request, wait)
        text, button = body.get("text"), body.get("button")
        said: dict[str, Any] = {"confidant": Confidant(request.app.ctx.agent)}
        offered = chat.buttons
        if message in chat.answers:
            pass  # sent again; what it says was read the first time
        elif isinstance(button, str):
            if button not in offered:
                return self._error(request, 409, "button_expired")
            said["payload"] = offered[button]
            chat.buttons = {}  # a second press of the same button, sent meanwhile, is refused
        elif isinstance(text, str):
            if self._left_to_another(request.app.ctx.agent):
                return self._error(request, 504, "failed")
            said |= {"text": text, "labels": chat.labels}
        else:
            return self._error(request, 400, "text_or_button_missing")
        try:
            bubbles = await chat.once(
                message, lambda: self._turn(handle, chat, offered, (token, message), **said)
            )
        except AnswerGoneError:
            given = await self._chats.answer(token, str(message))
            if given is None:
                return self._error(request, 409, "answer_gone")
            bubbles = given
        answer = self._answer(request, bubbles)
        names = [name for bubble in bubbles for name in bubble.said]
        if not tells(names):
            return answer
        async with Telling(request.app.ctx.agent, chat.pseudonym) as telling:
            sent = await request.respond(answer)
            await sent.send(end_stream=True)
            telling.went(names)
        return None

    async def _end(self, request: Request) -> HTTPResponse:
        """Forget the conversation of a page that is left."""
        body = _body(request)
        token = (body or {}).get("token")
        if not isinstance(token, str):
            return self._json(request, {})
        chat = await self._chats.fetch(token)
        self._chats.end(token)
        if chat is not None:
            await chat.finish()
            agent = request.app.ctx.agent
            async with agent.lock_store.lock(chat.pseudonym):  # nothing is stored again after it
                await agent.tracker_store.delete(chat.pseudonym)
            await self._chats.forget(token)
            in_confidence().let_go(chat.pseudonym)
        return self._json(request, {})

    def _left_to_another(self, agent: Any) -> bool:
        """Whether what is typed is for another worker: this one recognises nothing any more.

        The proxy hands on what is refused so. Buttons need no recognition and are answered here.
        """
        return isinstance(self._chats, SharedChats) and agent.processor.recognition.hangs

    def _new_name(self, token: str) -> str:
        """Return what a new conversation is called inside."""
        shared = isinstance(self._chats, SharedChats)
        return new_name() if shared else self._pseudonyms.of(self.name(), token)

    async def _turn(
        self,
        handle: Callable[..., Any],
        chat: Chat,
        offered: dict[str, str],
        answered: tuple[str, str | None],
        **said: Any,
    ) -> list[Bubble]:
        """Ask the agent, and let only the buttons of its answer be pressed from now on.

        If that fails, those `offered` before can be pressed again. `answered` is the token, and
        the id of the message if there is one.
        """
        self._running += 1
        try:
            bubbles = await ask_agent(handle, chat.pseudonym, self.name(), **said)
        except Exception:
            chat.buttons = offered
            raise
        finally:
            self._running -= 1
        chat.buttons = {b.id: b.payload for bubble in bubbles for b in bubble.buttons}
        chat.labels = labels_of(bubbles)
        token, message = answered
        await self._chats.keep(token, chat, message, bubbles)
        return bubbles

    def _refused(self, request: Request, cost: float = 1) -> HTTPResponse | None:
        """Return why a request is not even read, or None if it is."""
        if not self._origins.may_speak(request.headers):
            return self._error(request, 403, "origin_not_allowed")
        address = client_address(
            request.ip or "", request.headers.get("x-forwarded-for", ""), self._settings.proxies
        )
        wait = self._addresses.take_of(address, cost)
        if wait:
            return self._too_fast(request, wait)
        if self._running >= self._limits.turns_at_once:
            return self._error(request, 503, "busy", {"Retry-After": "10"})
        return None

    def _file(self, request: Request, name: str) -> HTTPResponse:
        look = self._look(request)
        file: File
        more: dict[str, str] = {}
        if name == "":
            file = chat_page(look, self._address(request) + look.query())
        elif name == "chat.css":
            file = stylesheet(look.accent)
        elif name == "qr.svg":
            file = qr_code(self._address(request) + look.query())
        elif name == "embed.js":
            file, more = launcher(), LAUNCHER_HEADERS
        elif name == "demo":
            file = demo_page("frame" if "frame" in request.args else "script")
        elif name in PLAIN:
            file = plain_file(name)
        else:
            return self._error(request, 404, "not_found")
        headers = {**self._headers(request), **more, "Vary": "Accept-Encoding, Origin"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return response.raw(file.packed, content_type=file.kind, headers=headers)
        return response.raw(file.body, content_type=file.kind, headers=headers)

    def _look(self, request: Request) -> Look:
        asked = {key: request.args.get(key, "") for key in request.args}
        return Look.asked(asked, self._settings.deanery)

    def _address(self, request: Request) -> str:
        """Return where a phone finds the page: as set, or else as this browser asked for it."""
        host = request.headers.get("host", "")
        if self._settings.url or not re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", host):
            return f"{self._settings.url}/chat/"
        return f"{request.scheme}://{host}/chat/"

    def _headers(self, request: Request) -> dict[str, str]:
        """Return the headers for this request: what may show the page, and who may read it."""
        ancestors = self._origins.frame_ancestors(self._look(request).deanery)
        headers = {**HEADERS, "Content-Security-Policy": POLICY.format(ancestors=ancestors)}
        origin = request.headers.get("origin")
        if origin is not None and self._origins.listed(origin):
            headers |= {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Methods": "POST",
                "Access-Control-Allow-Headers": f"Content-Type, {ROUTE_HEADER}",
                "Access-Control-Max-Age": "600",
                "Vary": "Origin",
            }
        return headers

    def _answer(
        self, request: Request, bubbles: list[Bubble], more: dict[str, Any] | None = None
    ) -> HTTPResponse:
        messages = [
            {
                "text": bubble.text,
                "buttons": [{"id": b.id, "title": b.title} for b in bubble.buttons],
            }
            for bubble in bubbles
        ]
        return self._json(request, {"messages": messages, **(more or {})})

    def _json(
        self,
        request: Request,
        data: dict[str, Any],
        status: int = 200,
        more: dict[str, str] | None = None,
    ) -> HTTPResponse:
        headers = {**self._headers(request), **(more or {})}
        return response.json(data, status=status, headers=headers)

    def _error(
        self, request: Request, status: int, code: str, more: dict[str, str] | None = None
    ) -> HTTPResponse:
        return self._json(request, {"error": code}, status, more)

    def _too_fast(self, request: Request, wait: float) -> HTTPResponse:
        return self._error(request, 429, "too_fast", {"Retry-After": str(math.ceil(wait))})


def _body(request: Request) -> dict[str, Any] | None:
    """Return the JSON body as a mapping, empty if there is none; None if it is anything else."""
    try:
        body = request.json
    except Exception:  # Sanic raises its own kinds for broken JSON and for broken encodings
        return None
    if body is None and not request.body:
        return {}
    return body if isinstance(body, dict) else None

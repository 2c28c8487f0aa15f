"""A Bot API server for tests, over real HTTP, with the faults that the real one has.

It keeps to https://core.telegram.org/bots/api: form bodies, `ok`/`result` envelopes, updates
that are given again until a higher `offset` acknowledges them, limits of texts and of buttons.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "123456:TEST-token_of-a-bot"

BOT = {"id": 123456, "is_bot": True, "first_name": "Sidedoor", "username": "sidedoor_bot"}

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}

DROP_BEFORE, DROP_AFTER, GARBAGE, HANG = "drop before", "drop after", "garbage", "hang"
"""Faults: the connection ends before or after the call was carried out; the answer is no JSON;
there is no answer at all."""


class RefusedError(Exception):
    """A call that the Bot API refuses: status, description and parameters."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class FakeTelegram:
    """The server, what it was asked to do, and what it is to do wrong."""

    port: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    deleted: list[tuple[int, int]] = field(default_factory=list)
    undeletable: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    unsupported: set[str] = field(default_factory=set)
    faults: dict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    down: bool = False
    polls: int = 0
    fetched: list[list[int]] = field(default_factory=list)
    webhook: dict[str, Any] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    acknowledged: int = 0
    _number: int = 1_000
    _update: int = 500

    def __post_init__(self) -> None:
        """Start serving in a thread of its own."""
        self._loop = asyncio.new_event_loop()
        started = threading.Event()

        async def serve() -> None:
            self._arrived = asyncio.Event()
            server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
            self.port = server.sockets[0].getsockname()[1]
            started.set()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.create_task(serve())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert started.wait(30)

    @property
    def url(self) -> str:
        """The address to set as the Bot API's."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop serving."""

        async def end() -> None:
            tasks = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(end(), self._loop)
        self._thread.join(30)

    # What people do

    def next_number(self) -> int:
        """Return the next message's number; all chats of a bot share them."""
        self._number += 1
        return self._number

    def update(self, **content: Any) -> dict[str, Any]:
        """Return a new update, which is not delivered yet."""
        self._update += 1
        return {"update_id": self._update, **content}

    def deliver(self, *updates: dict[str, Any]) -> None:
        """Put updates into the queue, in this order."""

        def put() -> None:
            self.updates.extend(updates)
            self._arrived.set()

        self._loop.call_soon_threadsafe(put)

    def message(self, chat: int, text: str | None = None, **more: Any) -> dict[str, Any]:
        """Return somebody's message in their private chat."""
        person = {
            "id": chat,
            "is_bot": False,
            "first_name": more.pop("first_name", "Pat"),
            "username": more.pop("username", f"user{chat}"),
            "language_code": "en",
        }
        message: dict[str, Any] = {
            "message_id": self.next_number(),
            "date": int(time.time()),
            "chat": {"type": "private", **{k: person[k] for k in ("id", "first_name", "username")}},
            "from": person,
            **more,
        }
        if text is not None:
            message["text"] = text
            if text.startswith("/"):
                length = len(text.split()[0])
                message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return message

    def say(self, chat: int, text: str | None = None, **more: Any) -> dict[str, Any]:
        """Deliver a message and return its update."""
        update = self.update(message=self.message(chat, text, **more))
        self.deliver(update)
        return update

    def press(self, chat: int, title: str, data: str | None = None) -> dict[str, Any]:
        """Deliver a press on the newest button whose title begins with `title`."""
        message, button = self.button(chat, title) if data is None else (self.to(chat)[-1], {})
        update = self.update(
            callback_query={
                "id": str(self.next_number()),
                "from": {"id": chat, "is_bot": False, "first_name": "Pat"},
                "message": self._shown(message),
                "chat_instance": "1",
                "data": button.get("callback_data", data),
            }
        )
        self.deliver(update)
        return update

    # What they see

    def to(self, chat: int) -> list[dict[str, Any]]:
        """Return the messages that were sent to the chat."""
        return [each for each in self.sent if each["chat"] == chat]

    def texts(self, chat: int) -> list[str]:
        """Return their texts."""
        return [each["text"] for each in self.to(chat)]

    def button(self, chat: int, title: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the newest message with such a button, and the button."""
        for message in reversed(self.to(chat)):
            for row in message["keyboard"]:
                for button in row:
                    if button["text"].lower().startswith(title.lower()):
                        return message, button
        raise AssertionError(f"no button {title!r} in {chat}")

    def wait(self, condition: Callable[[], Any], what: str = "", limit: float = 60) -> None:
        """Wait until the condition holds."""
        give_up = time.monotonic() + limit
        while not condition():
            if time.monotonic() > give_up:
                raise AssertionError(f"waited in vain for {what or condition}: {self.sent[-5:]}")
            time.sleep(0.02)

    def wait_answered(self, *updates: dict[str, Any], limit: float = 60) -> None:
        """Wait until the updates are acknowledged, or answered where they are pushed."""
        highest = max(update["update_id"] for update in updates)
        self.wait(lambda: self.acknowledged > highest, "an acknowledgement", limit)

    def count(self, method: str) -> int:
        """Return how often a method was called."""
        return sum(name == method for name, _ in self.calls)

    # The server

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                line = (await reader.readline()).decode()
                if not line.strip():
                    return
                length = 0
                while header := (await reader.readline()).decode().strip():
                    name, _, value = header.partition(":")
                    if name.lower() == "content-length":
                        length = int(value)
                body = await reader.readexactly(length)
                answer = await self._answer(line.split()[1], body)
                if answer is None:
                    return
                status, content = answer
                reason = REASONS.get(status, "Error")
                head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n"
                writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, body: bytes) -> tuple[int, bytes] | None:
        token, _, method = path.removeprefix("/bot").partition("/")
        if self.down:
            return None
        fault = self.faults[method].popleft() if self.faults[method] else None
        if fault == DROP_BEFORE:
            return None
        if fault == HANG:
            await asyncio.Event().wait()
        try:
            if token != TOKEN:
                raise RefusedError(401, "Unauthorized")
            if isinstance(fault, tuple):
                raise RefusedError(fault[0], "fault", **fault[1])
            if isinstance(fault, int) and fault:  # 0 lets a call pass
                raise RefusedError(fault, "fault")
            result = await self._call(method, dict(parse_qsl(body.decode())))
        except RefusedError as error:
            content: dict[str, Any] = {
                "ok": False,
                "error_code": error.status,
                "description": error.description,
            }
            if error.parameters:
                content["parameters"] = error.parameters
            return error.status, json.dumps(content).encode()
        if fault == DROP_AFTER:
            return None
        if fault == GARBAGE:
            return 200, b"<html>not json</html>"
        return 200, json.dumps({"ok": True, "result": result}).encode()

    async def _call(self, method: str, given: dict[str, str]) -> Any:
        values = {name: _value(value) for name, value in given.items()}
        if method != "getUpdates":
            self.calls.append((method, values))
        handler = getattr(self, f"_{method}", None)
        if method in self.unsupported:
            raise RefusedError(404, "Not Found: method not found")
        return await handler(values) if handler else True

    async def _getMe(self, values: dict[str, Any]) -> Any:  # noqa: N802  (as the API calls it)
        return {**BOT, "can_join_groups": True}

    async def _getUpdates(self, values: dict[str, Any]) -> Any:  # noqa: N802
        if self.webhook:
            raise RefusedError(409, "Conflict: can't use getUpdates method while webhook is active")
        self.polls += 1
        offset = values.get("offset")
        if offset is not None:
            self.updates[:] = [u for u in self.updates if u["update_id"] >= offset]
            self.acknowledged = max(self.acknowledged, offset)
        give_up = time.monotonic() + min(float(values.get("timeout", 0)), 2.0)
        while not self.updates and time.monotonic() < give_up:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), give_up - time.monotonic())
            except asyncio.TimeoutError:
                break
        given = self.updates[: int(values.get("limit", 100))]
        self.fetched.append([u.get("update_id") for u in given])
        return given

    async def _setWebhook(self, values: dict[str, Any]) -> Any:  # noqa: N802
        self.webhook = values
        return True

    async def _deleteWebhook(self, values: dict[str, Any]) -> Any:  # noqa: N802
        self.webhook = {}
        return True

    async def _setMyCommands(self, values: dict[str, Any]) -> Any:  # noqa: N802
        if not all(1 <= len(each["description"]) <= 256 for each in values["commands"]):
            raise RefusedError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        return True

    async def _setMyDescription(self, values: dict[str, Any]) -> Any:  # noqa: N802
        if len(values["description"]) > 512:
            raise RefusedError(400, "Bad Request: description is too long")
        return True

    async def _setMyShortDescription(self, values: dict[str, Any]) -> Any:  # noqa: N802
        if len(values["short_description"]) > 120:
            raise RefusedError(400, "Bad Request: short description is too long")
        return True

    async def _sendMessage(self, values: dict[str, Any]) -> Any:  # noqa: N802
        chat, text = int(values["chat_id"]), str(values.get("text", ""))
        if chat in self.blocked:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        if not text.strip():
            raise RefusedError(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise RefusedError(400, "Bad Request: message is too long")
        keyboard = (values.get("reply_markup") or {}).get("inline_keyboard", [])
        for row in keyboard:
            for button in row:
                if not 1 <= len(button["callback_data"].encode()) <= 64:
                    raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
        message = {
            "chat": chat,
            "id": self.next_number(),
            "text": text,
            "keyboard": keyboard,
            "silent": values.get("disable_notification", False),
        }
        self.sent.append(message)
        return self._shown(message)

    async def _editMessageReplyMarkup(self, values: dict[str, Any]) -> Any:  # noqa: N802
        for message in self.sent:
            if (message["chat"], message["id"]) == (values["chat_id"], values["message_id"]):
                message["keyboard"] = (values.get("reply_markup") or {}).get("inline_keyboard", [])
                return self._shown(message)
        raise RefusedError(400, "Bad Request: message to edit not found")

    async def _deleteMessage(self, values: dict[str, Any]) -> Any:  # noqa: N802
        if values["message_id"] in self.undeletable:
            raise RefusedError(400, "Bad Request: message can't be deleted")
        self.deleted.append((values["chat_id"], values["message_id"]))
        return True

    async def _deleteMessages(self, values: dict[str, Any]) -> Any:  # noqa: N802
        if self.undeletable & {*values["message_ids"]}:
            raise RefusedError(400, "Bad Request: message can't be deleted")
        self.deleted.extend((values["chat_id"], number) for number in values["message_ids"])
        return True

    def _shown(self, message: dict[str, Any]) -> dict[str, Any]:
        keyboard = message["keyboard"]
        return {
            **({"reply_markup": {"inline_keyboard": keyboard}} if keyboard else {}),
            "message_id": message["id"],
            "date": int(time.time()),
            "chat": {"id": message["chat"], "type": "private", "first_name": "Pat"},
            "from": BOT,
            "text": message["text"],
        }


def _value(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value

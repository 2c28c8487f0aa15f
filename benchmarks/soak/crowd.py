"""People who talk, on the page and on Telegram, each for one conversation and then gone."""

from __future__ import annotations

import asyncio
import random
import secrets
import string
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.channels.conversation import fallback_bubbles
from bot.channels.web import ROUTE_HEADER
from bot.nlu.examples import read_examples
from tests.fake_telegram import FakeTelegram

CARD = [bubble.text for bubble in fallback_bubbles()]

LONGEST = 10
"""Messages of one conversation at most; two at least."""

STAY = 0.1
"""Share of people who never close their page, so that their conversation ends by the clock."""

PRESS = 0.25
"""Share of messages that are the press of a button, where there is one."""

TELEGRAM_LIMIT = 60.0
"""Seconds after which a message on Telegram counts as unanswered."""


@dataclass
class Crowd:
    """Says things to a deployment, and counts what comes back."""

    address: str
    telegram: FakeTelegram
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    errors: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    """Answers by channel."""
    conversations: Counter[str] = field(default_factory=Counter)
    waited: list[float] = field(default_factory=list)
    """Seconds of every answer on the page."""
    over: bool = False

    def __post_init__(self) -> None:
        """Read what people say: our own examples, of every kind."""
        self._said = [example.text for example in read_examples()]

    async def write(self, seconds: float, people: int, per_second: float = 0.0) -> None:
        """Have `people` talk on the page for some seconds; 0 a second is as fast as answers come.

        Nobody is dropped in mid-turn: the last answers are waited for.
        """
        self.over = False
        limits = httpx.Limits(max_connections=people, max_keepalive_connections=people)
        async with httpx.AsyncClient(
            base_url=self.address, timeout=60, limits=limits, trust_env=False
        ) as client:
            seats = [
                asyncio.ensure_future(self._seat(client, people / per_second if per_second else 0))
                for _ in range(people)
            ]
            await asyncio.sleep(seconds)
            self.over = True
            await asyncio.gather(*seats)

    async def write_on_telegram(self, pause: float) -> None:
        """Have one person after the other write on Telegram until the page's people are done."""
        chat = 700_000_000
        while not self.over:
            chat += 1
            self.conversations["Telegram"] += 1
            for said in ["/start", *(self._words() for _ in range(self.dice.randint(2, LONGEST)))]:
                if self.over:
                    return
                update = self.telegram.say(chat, said)
                give_up = time.monotonic() + TELEGRAM_LIMIT
                while self.telegram.acknowledged <= update["update_id"]:
                    if time.monotonic() > give_up:
                        self.errors["Telegram: no answer"] += 1
                        break
                    await asyncio.sleep(0.1)
                else:
                    self.answers["Telegram"] += 1
                await asyncio.sleep(self.dice.uniform(0.5, 1.5) * pause)

    async def _seat(self, client: httpx.AsyncClient, pause: float) -> None:
        due = time.monotonic() + self.dice.uniform(0, pause)
        while not self.over:
            due = await self._converse(client, pause, due)

    async def _converse(self, client: httpx.AsyncClient, pause: float, due: float) -> float:
        """Hold one conversation; return when its seat's next message is due."""
        number = ".".join(str(self.dice.randint(1, 254)) for _ in range(3))
        headers = {ROUTE_HEADER: secrets.token_hex(16), "X-Forwarded-For": f"10.{number}"}
        self.conversations["page"] += 1
        body: dict[str, Any] = {}
        path, messages = "/chat/start", self.dice.randint(2, LONGEST)
        for _ in range(messages + 1):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due, time.monotonic() - pause) + self.dice.uniform(0.5, 1.5) * pause
            if self.over:
                break
            answer = await self._post(client, path, body, headers)
            if answer is None:
                break
            path = "/chat/send"
            body = {"token": answer.get("token") or body["token"], "id": secrets.token_hex(8)}
            buttons = [b["id"] for message in answer["messages"] for b in message["buttons"]]
            if buttons and self.dice.random() < PRESS:
                body["button"] = self.dice.choice(buttons)
            else:
                body["text"] = self._words()
        if "token" in body and self.dice.random() >= STAY:
            await self._leave(client, body["token"], headers)
        return due

    async def _leave(self, client: httpx.AsyncClient, token: str, headers: dict[str, str]) -> None:
        """Close the page, which nothing waits for."""
        try:
            answer = await client.post("/chat/end", json={"token": token}, headers=headers)
        except httpx.TransportError as error:
            self.errors[f"leaving: {type(error).__name__}"] += 1
            return
        if answer.status_code != 200:
            self.errors[f"leaving: status {answer.status_code}"] += 1

    async def _post(
        self, client: httpx.AsyncClient, path: str, body: dict[str, Any], headers: dict[str, str]
    ) -> dict[str, Any] | None:
        """Return what was answered, or count what went wrong and return None."""
        began = time.perf_counter()
        try:
            answer = await client.post(path, json=body, headers=headers)
        except httpx.TransportError as error:
            self.errors[f"page: {type(error).__name__}"] += 1
            return None
        self.waited.append(time.perf_counter() - began)
        if answer.status_code != 200:
            self.errors[f"page: status {answer.status_code}"] += 1
            return None
        said: dict[str, Any] = answer.json()
        texts = [message["text"] for message in said["messages"]]
        if not texts or texts == CARD:
            self.errors["page: the help card" if texts else "page: nothing said"] += 1
        self.answers["page"] += 1
        return said

    def _words(self) -> str:
        """Return something to say, with a word in it that nobody has written before."""
        new = "".join(self.dice.choices(string.ascii_lowercase, k=9))
        return f"{self.dice.choice(self._said)} {new}"

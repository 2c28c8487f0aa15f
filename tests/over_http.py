"""People on the page and on Telegram, over real HTTP, with the agent in the process of the tests.

Both see what a person sees, as bubbles; what cannot be seen is asked of the tracker.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from bot.channels import telegram_intake, telegram_sending
from bot.channels.conversation import Bubble, Button
from bot.channels.telegram_sending import Pace
from bot.channels.web import WebChannel
from bot.channels.web_limits import Limits, Rate
from bot.dialogue.state import EphemeralTrackerStore
from bot.privacy.lifetimes import LIFE_SECONDS
from bot.settings import read_settings
from tests.clocks import Clock
from tests.fake_telegram import FakeTelegram
from tests.services import free_port
from tests.serving import serve, stop
from tests.test_telegram import Connected

UNHURRIED = Limits(conversation=Rate(10_000, 1), address=Rate(10_000, 1))
"""The clock of the tests stands still, so that no bucket fills again."""


@dataclass
class Channels:
    """Both channels on one agent, with one clock for them and for the state of conversations."""

    agent: object
    loop: object
    clock: Clock
    address: str
    web: WebChannel
    connected: Connected
    people: int = 0

    @property
    def telegram(self) -> FakeTelegram:
        """The Bot API."""
        return self.connected.telegram

    def somebody(self, channel: str, deanery: str | None = None) -> Somebody:
        """Return somebody new, who has not begun."""
        self.people += 1
        return {"web": OnThePage, "telegram": OnTelegram}[channel](self, deanery, self.people)

    def let_an_hour_pass(self) -> None:
        """Let every conversation come to its end."""
        self.clock.now += LIFE_SECONDS + 1
        self.web.sweep()
        self.connected.channel.sweep()


@contextmanager
def both_channels(agent: object, loop: object) -> Iterator[Channels]:
    """Serve the page and connect to a fake Telegram."""
    clock, telegram = Clock(), FakeTelegram()
    broker = agent.tracker_store.event_broker
    store = EphemeralTrackerStore(agent.domain, broker, clock=clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agent, "tracker_store", store)
        patch.setattr(agent.processor, "tracker_store", store)
        patch.setattr(telegram_intake, "LOOK_AGAIN_SECONDS", 0.01)
        patch.setattr(telegram_sending, "A_SECOND", 1_000)
        patch.setattr(Pace.__init__, "__defaults__", (1_000,))
        web = WebChannel(read_settings({"SIDEDOOR_PROXIES": "1"}), clock, UNHURRIED)
        port = free_port()
        server = serve(loop, agent, web, port)
        connected = Connected(telegram, agent, loop, clock)
        connected.start()
        try:
            address = f"http://127.0.0.1:{port}/chat"
            yield Channels(agent, loop, clock, address, web, connected)
        finally:
            connected.stop()
            stop(loop, server)
            telegram.stop()


@dataclass
class Somebody:
    """Says and presses, and sees the bubbles of every turn."""

    channels: Channels
    deanery: str | None
    number: int
    seen: list[list[Bubble]] = field(default_factory=list)

    def press(self, title: str) -> list[Bubble]:
        """Press the button of the last turn whose title begins with `title`."""
        found = [b for b in self.buttons if b.title.lower().startswith(title.lower())]
        assert found, f"no button {title!r} among {[b.title for b in self.buttons]}"
        return self.press_button(found[0])

    @property
    def buttons(self) -> list[Button]:
        """The buttons of the last turn."""
        return [button for bubble in self.seen[-1] for button in bubble.buttons]

    @property
    def text(self) -> str:
        """Everything that was said in the last turn."""
        return "\n".join(bubble.text for bubble in self.seen[-1])

    @property
    def tracker(self) -> object:
        """The tracker of the conversation, None if it has ended."""
        return self.channels.loop.run(self.channels.agent.tracker_store.retrieve(self.name))

    def slot(self, name: str) -> object:
        """Return a slot's value, None if the conversation has ended."""
        tracker = self.tracker
        return tracker.get_slot(name) if tracker else None


@dataclass
class OnThePage(Somebody):
    """Somebody whose browser asks the server, at an address of their own."""

    token: str = ""
    channel = "web"

    def open(self) -> list[Bubble]:
        """Open the page of the deanery."""
        body = {"deanery": self.deanery} if self.deanery else {}
        answer = self.post("start", body)
        self.token = answer.json()["token"]
        return self._see(answer)

    def say(self, text: str) -> list[Bubble]:
        """Type a message; one whose conversation has ended is sent again in a new one."""
        answer = self.post("send", {"token": self.token, "text": text})
        if answer.status_code == 410:
            self.open()
            answer = self.post("send", {"token": self.token, "text": text})
        return self._see(answer)

    def press_button(self, button: Button) -> list[Bubble]:
        """Press a button; one whose conversation has ended leads to a new one."""
        answer = self.post("send", {"token": self.token, "button": button.id})
        return self.open() if answer.status_code == 410 else self._see(answer)

    @property
    def name(self) -> str:
        """The conversation's pseudonym, empty once it has ended."""
        chat = self.channels.web._chats.find(self.token)
        return chat.pseudonym if chat else ""

    def post(self, path: str, body: dict) -> httpx.Response:
        """Send a request as the page does."""

        async def send() -> httpx.Response:
            headers = {"X-Forwarded-For": f"10.0.{self.number // 250}.{self.number % 250}"}
            async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as client:
                return await client.post(f"{self.channels.address}/{path}", json=body)

        return self.channels.loop.run(send())

    def _see(self, answer: httpx.Response) -> list[Bubble]:
        assert answer.status_code == 200, answer.text
        self.seen.append(
            [
                Bubble(m["text"], tuple(Button(b["id"], b["title"], "") for b in m["buttons"]))
                for m in answer.json()["messages"]
            ]
        )
        return self.seen[-1]


@dataclass
class OnTelegram(Somebody):
    """Somebody with a private chat."""

    channel = "telegram"

    def open(self) -> list[Bubble]:
        """Begin, by the link of the deanery."""
        return self.say(f"/start {self.deanery}" if self.deanery else "/start")

    def say(self, text: str) -> list[Bubble]:
        """Send a message."""
        return self.send(message=self.channels.telegram.message(self.chat, text))

    def press_button(self, button: Button) -> list[Bubble]:
        """Press a button."""
        return self._see(lambda: self.channels.telegram.press(self.chat, button.title))

    def send(self, **content: dict) -> list[Bubble]:
        """Send an update of any kind."""
        update = self.channels.telegram.update(**content)

        def deliver() -> dict:
            self.channels.telegram.deliver(update)
            return update

        return self._see(deliver)

    @property
    def name(self) -> str:
        """The conversation's pseudonym."""
        return self.channels.connected.name(self.chat)

    @property
    def chat(self) -> int:
        """The number of the chat."""
        return 600_000_000 + self.number

    def _see(self, deliver) -> list[Bubble]:
        before = len(self.channels.telegram.to(self.chat))
        self.channels.connected.answered(deliver())
        self.seen.append(
            [
                Bubble(
                    message["text"],
                    tuple(
                        Button(button["callback_data"], button["text"], "")
                        for row in message["keyboard"]
                        for button in row
                    ),
                )
                for message in self.channels.telegram.to(self.chat)[before:]
            ]
        )
        return self.seen[-1]

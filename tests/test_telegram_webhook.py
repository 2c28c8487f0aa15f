"""Updates that Telegram sends to us: the real server and the trained agent, over real HTTP."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import pytest

from bot.channels import telegram as channel_module
from bot.channels import telegram_intake, telegram_sending
from bot.channels.fixed import fixed
from bot.channels.telegram import LARGEST_UPDATE, SECRET_HEADER, TelegramChannel
from bot.channels.telegram_intake import WANTED
from bot.channels.telegram_sending import Pace
from bot.settings import WEBHOOK_PATH, read_settings
from tests.fake_telegram import TOKEN, FakeTelegram
from tests.services import free_port
from tests.serving import serve, stop
from tests.test_telegram import PRIVACY

PUBLIC = f"https://chat.example.org{WEBHOOK_PATH}"

NUMBERS = ("999", "116 123")

RISK = "I keep thinking about killing myself"


@dataclass
class Hooked:
    """The channel in a server of its own, and Telegram, which sends it updates."""

    agent: object
    loop: object
    telegram: FakeTelegram = field(default_factory=FakeTelegram)
    port: int = field(default_factory=free_port)
    webhook: str = PUBLIC
    channel: TelegramChannel | None = None
    server: object = None

    def start(self) -> None:
        """Serve and register, as a start of the program does."""
        self.serve()
        self.loop.run(self.server.after_start())
        self.until(lambda: self.telegram.webhook, "the registration")

    def serve(self) -> None:
        """Serve, before anything has been begun."""
        chosen = read_settings(
            {
                "SIDEDOOR_TELEGRAM_TOKEN": TOKEN,
                "TELEGRAM_API_URL": self.telegram.url,
                "SIDEDOOR_TELEGRAM_WEBHOOK": self.webhook,
            }
        )
        self.channel = TelegramChannel(chosen)
        self.server = serve(self.loop, self.agent, self.channel, self.port)

    def stop(self) -> None:
        """Stop as the server does."""
        stop(self.loop, self.server)

    def until(self, condition, what="", limit=60.0):
        """Let everything run until the condition holds, and return what it gives."""

        async def wait():
            give_up = time.monotonic() + limit
            while not (found := condition()):
                assert time.monotonic() < give_up, f"waited in vain for {what}"
                await asyncio.sleep(0.01)
            return found

        return self.loop.run(wait())

    def path(self) -> str:
        """Return the path that Telegram was given."""
        return urlsplit(self.telegram.webhook.get("url", PUBLIC)).path

    async def request(self, body: bytes, secret: str | bytes | None, method="POST"):
        """Send a request as Telegram does; without the header if `secret` is None."""
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers[SECRET_HEADER] = secret
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            address = f"http://127.0.0.1:{self.port}{self.path()}"
            return await client.request(method, address, content=body, headers=headers)

    def send(self, body: bytes, secret: str | bytes | None) -> int:
        """Send a request and return its status."""
        return self.loop.run(self.request(body, secret)).status_code

    def secret(self) -> str:
        """Return the secret that Telegram was given."""
        return self.telegram.webhook["secret_token"]

    def push(self, *updates: dict) -> list[int]:
        """Send updates at once, on connections of their own, and return the statuses."""

        async def all_of_them():
            requests = [self.request(json.dumps(u).encode(), self.secret()) for u in updates]
            return [answer.status_code for answer in await asyncio.gather(*requests)]

        return self.loop.run(all_of_them())

    def says(self, chat: int, text: str | None = None, **more) -> dict:
        """Return the update of a message that is not sent yet."""
        return self.telegram.update(message=self.telegram.message(chat, text, **more))


@pytest.fixture(scope="module", autouse=True)
def _short_waits():
    """Wait less between attempts, so that the tests do not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telegram_intake, "LONGEST_PAUSE_SECONDS", 0.1)
        patch.setattr(Pace.__init__, "__defaults__", (1_000,))
        patch.setattr(telegram_sending, "A_SECOND", 1_000)
        yield


@pytest.fixture
def hooked(agent, loop):
    """Return a running server with the channel, registered with a Telegram of its own."""
    made = Hooked(agent, loop)
    made.start()
    yield made
    made.stop()
    made.telegram.stop()


def test_telegram_is_given_the_address_a_secret_and_the_kinds_of_updates(hooked):
    given = hooked.telegram.webhook
    assert given["url"] == PUBLIC
    assert given["allowed_updates"] == WANTED
    assert len(given["secret_token"]) >= 32
    assert not given.get("drop_pending_updates")


def test_an_update_is_answered_before_it_is_confirmed(hooked):
    assert hooked.push(hooked.says(5, RISK)) == [200]
    assert all(number in hooked.telegram.texts(5)[0] for number in NUMBERS)


def test_a_conversation_with_a_button(hooked):
    hooked.push(hooked.says(5, "/start"))
    before = len(hooked.telegram.to(5))
    update = hooked.telegram.press(5, "Something")
    assert hooked.push(update) == [200]
    assert len(hooked.telegram.to(5)) > before


# The secret

FORGED = {
    "missing": None,
    "empty": "",
    "another": "x" * 43,
    "the beginning": lambda secret: secret[:-1],
    "more": lambda secret: f"{secret}x",
    "in other letters": str.swapcase,
    "not text": b"\xff\xfe",
    "not ASCII": "sécret".encode(),
}


def forged(hooked, kind):
    made = FORGED[kind]
    return made(hooked.secret()) if callable(made) else made


@pytest.mark.parametrize("kind", FORGED)
def test_without_the_secret_nothing_is_processed(hooked, kind):
    hooked.until(lambda: hooked.telegram.count("setMyShortDescription"), "the description")
    calls = len(hooked.telegram.calls)
    update = hooked.says(5, RISK)
    assert hooked.send(json.dumps(update).encode(), forged(hooked, kind)) in (400, 403)
    assert len(hooked.telegram.calls) == calls
    assert hooked.channel._intake.waiting == {}
    assert hooked.push(update) == [200]  # it was not taken for one that had been answered


@pytest.mark.parametrize("kind", ["missing", "another", "the beginning", "more"])
def test_the_whole_secret_is_compared_in_constant_time(hooked, kind, monkeypatch):
    compared = []
    right = channel_module.hmac.compare_digest

    def compare(given, known):
        compared.append((given, known))
        return right(given, known)

    monkeypatch.setattr(channel_module.hmac, "compare_digest", compare)
    given = forged(hooked, kind) or ""
    assert hooked.send(b"{}", given) == 403
    assert compared == [(given.encode(), hooked.secret().encode())]


def test_a_request_without_the_secret_is_refused_before_its_body_was_sent(hooked):
    async def ask():
        reader, writer = await asyncio.open_connection("127.0.0.1", hooked.port)
        head = f"POST {WEBHOOK_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
        writer.write(head.encode())
        line = await asyncio.wait_for(reader.readline(), 30)
        writer.close()
        return line

    assert hooked.loop.run(ask()).startswith(b"HTTP/1.1 403")


def test_another_method_or_path_is_none_of_ours(hooked):
    assert hooked.loop.run(hooked.request(b"", hooked.secret(), "GET")).status_code == 405


# Bodies

BROKEN = {
    "empty": b"",
    "cut off": b'{"update_id": 1, "message": {',
    "no JSON": b"hello",
    "not UTF-8": b"\xff\xfe\x00{",
    "a list": b"[]",
    "a text": b'"update"',
    "null": b"null",
    "no id": b'{"message": {"text": "hello"}}',
    "an id that is no number": b'{"update_id": "1", "message": 5}',
    "a message that is none": b'{"update_id": 1, "message": 5}',
    "nested beyond measure": b"[" * 50_000,
    "numbers beyond measure": b'{"update_id": ' + b"9" * 5_000 + b"}",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_body_that_cannot_be_read_is_passed_over_and_holds_up_nobody(hooked, kind):
    assert hooked.send(BROKEN[kind], hooked.secret()) == 200
    assert hooked.telegram.sent == []
    assert hooked.push(hooked.says(5, "/privacy")) == [200]
    assert len(hooked.telegram.to(5)) == PRIVACY


def test_a_body_that_is_too_large_is_refused_unread(hooked):
    update = json.dumps({**hooked.says(5, RISK), "more": "x" * LARGEST_UPDATE}).encode()
    assert hooked.send(update, hooked.secret()) == 413
    assert hooked.telegram.to(5) == []
    assert hooked.push(hooked.says(5, "/privacy")) == [200]


def test_the_largest_message_that_telegram_can_send_is_answered(hooked):
    """4,096 units of emoji, escaped, that quote as many, each with a hundred entities."""
    entities = [
        {"type": "custom_emoji", "offset": 2 * at, "length": 2, "custom_emoji_id": "9" * 19}
        for at in range(100)
    ]
    quoted = hooked.telegram.message(5, "🙂" * 2_048, entities=entities)
    text = f"{RISK} " + "🙂" * 2_029
    update = hooked.says(5, text, entities=entities, reply_to_message=quoted)
    assert 65_536 < len(json.dumps(update)) < LARGEST_UPDATE
    assert hooked.push(update) == [200]
    assert all(number in hooked.telegram.texts(5)[0] for number in NUMBERS)


# Order and duplicates


def test_a_duplicate_is_answered_once_at_the_same_time_and_later(hooked):
    update = hooked.says(5, "/privacy")
    assert hooked.push(update, update, update) == [200] * 3
    assert hooked.push(update) == [200]
    assert len(hooked.telegram.to(5)) == PRIVACY


def slowly(hooked, monkeypatch, words):
    """Let turns with these words wait, and return what lets them go on."""
    released = asyncio.Event()
    right = hooked.agent.handle_message

    async def slow(message):
        if message.text == words:
            await released.wait()
        return await right(message)

    monkeypatch.setattr(hooked.agent, "handle_message", slow)
    return released


def in_background(hooked, *updates):
    """Send updates without waiting for their answers; return what is done when all came."""

    async def begin():
        requests = [hooked.request(json.dumps(u).encode(), hooked.secret()) for u in updates]
        return asyncio.ensure_future(asyncio.gather(*requests))

    return hooked.loop.run(begin())


def test_one_persons_messages_stay_in_order_and_others_do_not_wait(hooked, monkeypatch):
    released = slowly(hooked, monkeypatch, "slow")
    first = hooked.says(5, "slow")
    waiting = in_background(hooked, first)
    hooked.until(lambda: hooked.channel._intake.waiting, "the first one")
    help_asked, privacy_asked = hooked.says(5, "/help"), hooked.says(5, "/privacy")
    more = in_background(hooked, privacy_asked, help_asked)
    hooked.until(lambda: len(hooked.channel._intake.waiting) == 3, "all of them")
    assert hooked.push(hooked.says(6, "/privacy")) == [200]
    assert hooked.telegram.to(5) == []
    released.set()
    hooked.until(lambda: waiting.done() and more.done(), "their answers")
    texts = hooked.telegram.texts(5)
    card = texts.index(fixed("utter_help_card"))
    assert 0 < card < len(texts) - PRIVACY  # after the slow one's, before those about privacy


def test_one_that_takes_long_is_asked_for_again_and_answered_once(hooked, monkeypatch):
    monkeypatch.setattr(channel_module, "WEBHOOK_SECONDS", 0.1)
    released = slowly(hooked, monkeypatch, "slow")
    update = hooked.says(5, "slow")
    assert hooked.push(update) == [503]
    released.set()
    monkeypatch.setattr(channel_module, "WEBHOOK_SECONDS", 25)
    assert hooked.push(update) == [200]
    said = len(hooked.telegram.to(5))
    assert said > 0
    assert hooked.push(update) == [200]
    assert len(hooked.telegram.to(5)) == said


# Starting and stopping


def test_while_it_starts_telegram_is_asked_to_come_again(agent, loop):
    hooked = Hooked(agent, loop)
    hooked.serve()
    update = json.dumps(hooked.says(5, RISK)).encode()
    assert hooked.send(update, hooked.channel._secret) == 503
    hooked.loop.run(hooked.server.after_start())
    hooked.until(lambda: hooked.telegram.webhook, "the registration")
    assert hooked.send(update, hooked.secret()) == 200
    assert all(number in hooked.telegram.texts(5)[0] for number in NUMBERS)
    hooked.stop()
    hooked.telegram.stop()


def test_a_stop_finishes_what_is_being_answered_and_takes_nothing_new(hooked, monkeypatch):
    released = slowly(hooked, monkeypatch, "slow")
    begun = in_background(hooked, hooked.says(5, "slow"))
    hooked.until(lambda: hooked.channel._intake.waiting, "the turn")

    async def begin_to_stop():
        return asyncio.ensure_future(hooked.server.before_stop())

    stopping = hooked.loop.run(begin_to_stop())
    hooked.until(lambda: hooked.channel._stopping, "the stop")
    assert hooked.push(hooked.says(6, RISK)) == [503]
    assert not stopping.done()
    released.set()
    hooked.until(stopping.done, "its end")
    assert [answer.status_code for answer in hooked.loop.run(asyncio.wait_for(begun, 30))] == [200]
    assert hooked.telegram.to(5)
    assert hooked.push(hooked.says(6, RISK)) == [503]
    assert hooked.telegram.to(6) == []


def test_a_restart_registers_again_with_another_secret_and_the_old_one_is_refused(hooked):
    old = hooked.secret()
    hooked.stop()
    assert hooked.telegram.webhook  # Telegram goes on collecting updates
    hooked.telegram.webhook = {}
    hooked.start()
    assert hooked.secret() != old
    update = hooked.says(5, RISK)
    assert hooked.send(json.dumps(update).encode(), old) == 403
    assert hooked.telegram.to(5) == []
    assert hooked.push(update) == [200]


def test_the_registration_is_tried_until_telegram_takes_it(agent, loop):
    hooked = Hooked(agent, loop)
    hooked.telegram.faults["setWebhook"].extend([500, (429, {"retry_after": 1}), 502])
    hooked.start()
    assert hooked.push(hooked.says(5, "/privacy")) == [200]
    hooked.stop()
    hooked.telegram.stop()


@pytest.mark.parametrize("faults", [[], [500, 502], ["drop before"] * 3], ids=str)
def test_polling_after_a_webhook_removes_it_and_fetches_what_it_kept(hooked, faults):
    hooked.stop()
    hooked.telegram.faults["deleteWebhook"].extend(faults)
    kept = hooked.says(5, RISK)
    hooked.telegram.deliver(kept)
    chosen = read_settings(
        {"SIDEDOOR_TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": hooked.telegram.url}
    )
    polling = TelegramChannel(chosen)
    app = SimpleNamespace(ctx=SimpleNamespace(agent=hooked.agent))

    async def begin():
        polling._running = asyncio.ensure_future(polling._run(app))

    hooked.loop.run(begin())
    hooked.until(lambda: hooked.telegram.acknowledged > kept["update_id"], "an acknowledgement")
    assert hooked.telegram.webhook == {}
    assert all(number in hooked.telegram.texts(5)[0] for number in NUMBERS)
    hooked.loop.run(polling._stop())
    hooked.start()  # for the fixture to stop

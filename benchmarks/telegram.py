"""How long a message on Telegram takes: our channel and store beside stock Rasa's.

`.venv/bin/python -m benchmarks.telegram` posts the same messages to both webhooks, over HTTP, with
the same trained agent in the same process and a Bot API that answers at once. It measures from the
update's arrival until the answer has been sent, which is when both say 200.
"""

from __future__ import annotations

from bot.environment import prepare

prepare()

import asyncio  # noqa: E402
import os  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

import httpx  # noqa: E402
from aiogram.bot.api import TelegramAPIServer  # noqa: E402
from rasa.core.agent import Agent  # noqa: E402
from rasa.core.channels.channel import InputChannel, register  # noqa: E402
from rasa.core.channels.telegram import TelegramInput, TelegramOutput  # noqa: E402
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore  # noqa: E402
from sanic import Sanic  # noqa: E402

from bot.agent import load_our_agent  # noqa: E402
from bot.channels.telegram import SECRET_HEADER, TelegramChannel  # noqa: E402
from bot.dialogue.state import EphemeralTrackerStore  # noqa: E402
from bot.privacy.logs import configure_logs  # noqa: E402
from bot.privacy.memory import overwrites, overwriting  # noqa: E402
from bot.settings import WEBHOOK_PATH, read_settings  # noqa: E402
from tests.fake_telegram import BOT, TOKEN, FakeTelegram  # noqa: E402
from tests.services import free_port  # noqa: E402

PEOPLE = 30

PAUSE = 0.15
"""Seconds between messages, in which the 30 a second that Telegram allows are not used up."""

SAID = (
    "my rota is awful and i am tired after nights",
    "would my supervisor be told",
    "my consultant humiliates me on the ward round",
)


class StockChannel(TelegramInput):
    """Rasa's own channel, its output led to the fake Bot API."""

    def __init__(self, api: str) -> None:
        """Take the Bot API's address."""
        super().__init__(TOKEN, BOT["username"], "http://127.0.0.1/", debug_mode=False)
        self._api = api

    def get_output_channel(self) -> TelegramOutput:
        """Return Rasa's output channel."""
        channel = TelegramOutput(self.access_token)
        channel.server = TelegramAPIServer.from_base(self._api)
        return channel


async def measure(
    agent: Agent, channel: InputChannel, store: TrackerStore, path: str, telegram: FakeTelegram
) -> list[float]:
    """Return the seconds of every message through `channel`."""
    agent.tracker_store = store
    assert agent.processor is not None
    agent.processor.tracker_store = store
    app = Sanic(f"benchmark_{channel.name()}_{free_port()}", configure_logging=False)
    app.ctx.agent = agent
    register([channel], app, route="/")
    port = free_port()
    server: Any = await app.create_server(
        host="127.0.0.1", port=port, return_asyncio_server=True, access_log=False
    )
    await server.startup()
    await server.before_start()
    await server.after_start()
    secret = getattr(channel, "_secret", "")
    while secret and not telegram.webhook:
        await asyncio.sleep(0.05)
    taken = []
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={SECRET_HEADER: secret}, trust_env=False
    ) as client:
        for person in range(PEOPLE + 1):
            for text in SAID:
                update = telegram.update(message=telegram.message(1_000 + person, text))
                before = len(telegram.sent)
                await asyncio.sleep(PAUSE)
                started = time.perf_counter()
                answer = await client.post(path, json=update, timeout=60)
                elapsed = time.perf_counter() - started
                assert answer.status_code == 200
                assert len(telegram.sent) > before, "nothing was answered"
                if person:  # the first one warms up
                    taken.append(elapsed)
    if isinstance(channel, TelegramChannel):
        await channel._stop()
    await server.close()
    return taken


async def run(which: str) -> None:
    """Measure one of the two and print a line."""
    configure_logs("ERROR")
    agent = await load_our_agent()
    telegram = FakeTelegram()
    environment = {
        "SIDEDOOR_TELEGRAM_TOKEN": TOKEN,
        "SIDEDOOR_TELEGRAM_API_URL": telegram.url,
        "SIDEDOOR_TELEGRAM_WEBHOOK": f"http://127.0.0.1{WEBHOOK_PATH}",
    }
    stock = (
        StockChannel(telegram.url),
        InMemoryTrackerStore(agent.domain),
        "/telegram/webhook",
    )
    ours = (
        TelegramChannel(read_settings(environment)),
        EphemeralTrackerStore(agent.domain),
        WEBHOOK_PATH,
    )
    taken = sorted(await measure(agent, *(stock if which == "stock" else ours), telegram))
    memory = "overwritten" if overwrites(os.environ) else "left as it is"
    print(
        f"{which:6} freed memory {memory:14} {len(taken)} messages:"
        f" median {1000 * statistics.median(taken):.0f} ms,"
        f" 95 % within {1000 * taken[int(0.95 * len(taken))]:.0f} ms",
        flush=True,
    )
    telegram.stop()


def main() -> None:
    """Measure both in turns, each in a process of its own, as one process serves once."""
    for environment in (dict(os.environ), overwriting(os.environ)):
        for which in ("stock", "ours", "stock", "ours"):
            command = [sys.executable, "-m", "benchmarks.telegram", which]
            subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(run(sys.argv[1]))
    else:
        main()

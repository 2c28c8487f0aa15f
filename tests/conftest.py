"""The trained agent with its real actions, in process, and somebody who talks to it."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from dataclasses import dataclass, field

import pytest
from redis import Redis

from bot.environment import prepare

prepare()
os.environ["SIDEDOOR_DATA"] = tempfile.mkdtemp(prefix="sidedoor-tests-")

from bot.agent import load_our_agent  # noqa: E402  (the environment comes first)
from bot.channels.confidant import Confidant  # noqa: E402
from bot.channels.conversation import OPEN, Bubble, ask_agent, labels_of  # noqa: E402
from bot.channels.telling import Telling  # noqa: E402
from bot.privacy.logs import configure_logs  # noqa: E402
from bot.recognise import Recogniser  # noqa: E402
from bot.referrals.desk import desk  # noqa: E402
from bot.settings import settings  # noqa: E402
from tests.databases import new_database, postgresql  # noqa: E402
from tests.referral_unit import empty, read_keys_again  # noqa: E402
from tests.referrals import cheap_database, make_unit  # noqa: E402
from tests.services import redis_server  # noqa: E402

configure_logs("ERROR")


CHANNEL = "test"
"""The channel that people in tests come by, which nobody counts."""


class Loop:
    """One event loop for the whole run, as the agent's locks belong to it."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()

    def run(self, coroutine):
        """Run a coroutine to its end."""
        return self._loop.run_until_complete(coroutine)


@dataclass
class Person:
    """Talks to the agent as a channel would, and sees only what a person sees."""

    agent: object
    loop: Loop
    deanery: str | None = None
    conversation: str = field(default_factory=lambda: secrets.token_hex(16))
    seen: list[list[Bubble]] = field(default_factory=list)
    is_reached: bool = True
    """Whether what is sent to them arrives."""

    def open(self) -> list[Bubble]:
        """Open the conversation."""
        return self._ask(payload=OPEN, deanery=self.deanery)

    def say(self, text: str) -> list[Bubble]:
        """Type a message."""
        return self._ask(text=text)

    def press(self, title: str) -> list[Bubble]:
        """Press the button of the last turn whose title begins with `title`."""
        buttons = [b for bubble in self.seen[-1] for b in bubble.buttons]
        wanted = [b for b in buttons if b.title.lower().startswith(title.lower())]
        assert wanted, f"no button {title!r} among {[b.title for b in buttons]}"
        return self._ask(payload=wanted[0].payload)

    def slot(self, name: str):
        """Return a slot's value, for what cannot be seen."""
        tracker = self.loop.run(self.agent.tracker_store.retrieve(self.conversation))
        return tracker.get_slot(name)

    def say_as(self, text: str, **found) -> list[Bubble]:
        """Type a message of which `found` is recognised, whatever the trained parts say of it."""
        processor = self.agent.processor
        right = processor.parse_message

        async def parse(*args, **named):
            return {**await right(*args, **named), **found}

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(processor, "parse_message", parse)
            return self.say(text)

    @property
    def text(self) -> str:
        """Everything that was said in the last turn."""
        return "\n".join(bubble.text for bubble in self.seen[-1])

    def _ask(self, **said) -> list[Bubble]:
        bubbles = self.loop.run(
            ask_agent(
                self.agent.handle_message,
                self.conversation,
                CHANNEL,
                confidant=Confidant(self.agent),
                labels=labels_of(self.seen[-1]) if self.seen else {},
                **said,
            )
        )
        self.seen.append(bubbles)
        if self.is_reached:
            self.loop.run(self._reach(bubbles))
        return bubbles

    async def _reach(self, bubbles: list[Bubble]) -> None:
        """Do what a channel does around the sending of bubbles."""
        async with Telling(self.agent, self.conversation) as telling:
            for bubble in bubbles:
                telling.went(bubble.said)


@pytest.fixture(scope="session")
def loop() -> Loop:
    """Return the event loop that the agent lives on."""
    return Loop()


@pytest.fixture(scope="session")
def agent(loop):
    """Return the trained agent."""
    return loop.run(load_our_agent())


@pytest.fixture
def person(agent, loop, request) -> Person:
    """Return somebody new; the name of the test decides which variants they meet."""
    return Person(agent, loop, conversation=request.node.name)


@pytest.fixture
def person_in(agent, loop, request):
    """Return a maker of somebody whose link names a deanery."""
    return lambda deanery: Person(agent, loop, deanery, conversation=request.node.name)


@pytest.fixture
def referrals_database():
    """Return the database of referrals that the agent's process uses; empty again afterwards."""
    engine = cheap_database(settings().referrals_url)
    read_keys_again()
    yield engine
    empty(engine)
    read_keys_again()
    desk()._guessing._wrong.clear()


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    """Return the trained recognition."""
    return Recogniser.load()


@pytest.fixture(scope="session")
def postgresql_server():
    """Return the URL of a running PostgreSQL server."""
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def referrals_url(request, tmp_path) -> str:
    """Return the URL of an empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'referrals.db'}"
    return new_database(request.getfixturevalue("postgresql_server"))


@pytest.fixture
def referrals(referrals_url):
    """Return a database of referrals in which Wales has a key and receipts cost little."""
    engine = cheap_database(referrals_url)
    make_unit(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def running_redis(tmp_path_factory):
    """Return a running Redis that writes nothing to disk."""
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def held(running_redis):
    """Return a client that looks at what is held."""
    with Redis.from_url(running_redis.url) as client:
        client.flushall()
        yield client

"""A process that hangs is noticed: what systemd is told, and what a proxy and a probe are.

The program, its Redis and the socket that it tells are real. The tests go on with what the ones
before left, in their order.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from bot.health import LIVE, READY
from bot.paths import ROOT
from bot.watchdog import Watchdog
from tests.program import START_LIMIT, Program, free_port, start_program
from tests.services import RedisServer, redis_server
from tests.test_web_channel import Page

READY_, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"

WATCHDOG_SECONDS = 3


class Systemd:
    """The socket that a process tells, and what it was told."""

    def __init__(self, address: str):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self.told: list[str] = []

    def wait_for_one(self, limit: float = START_LIMIT) -> str:
        """Wait until something more is told, and return it."""
        self._socket.settimeout(limit)
        self.told.append(self._socket.recv(100).decode())
        return self.told[-1]

    def read(self) -> list[str]:
        """Return what was told and not read."""
        before = len(self.told)
        self._socket.setblocking(False)
        while True:
            try:
                self.told.append(self._socket.recv(100).decode())
            except BlockingIOError:
                return self.told[before:]

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()


@dataclass
class Watched:
    """A program that tells a socket, as systemd starts it."""

    systemd: Systemd
    redis: RedisServer
    hold: Path
    program: Program
    listened: int
    """Status of the live path at the moment when it was told that the server listens."""
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4))

    def health(self, path: str) -> int:
        """Return the status that a path of health has."""
        with self.program.client() as client:
            return client.get(path).status_code

    def page(self) -> Page:
        """Return somebody's page, with a conversation."""
        return Page(self.program.client()).start()

    @contextmanager
    def hanging(self, word: str) -> Iterator[None]:
        """Let the program hang in what a message with `word` in it makes hang."""
        page, before = self.page(), self.program.printed().count("hanging\n")
        self.hold.touch()
        try:
            self.pool.submit(page.send, text=f"{word} hello", id=secrets.token_hex(8))
            until(lambda: self.program.printed().count("hanging\n") > before)
            yield
        finally:
            self.hold.unlink()


def until(done: Callable[[], object], limit: float = 120) -> None:
    """Wait for something."""
    give_up = time.monotonic() + limit
    while not done():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Return a running program; where it is told what, a path is short enough for a socket."""
    folder = tmp_path_factory.mktemp("watched")
    with tempfile.TemporaryDirectory() as short, redis_server(folder) as redis:
        systemd = Systemd(address := f"{short}/notify")
        port, hold = free_port(), folder / "hold"
        settings = {
            "SIDEDOOR_REDIS_URL": redis.url,
            "SIDEDOOR_JOBS": "0",
            "HOLD_FILE": str(hold),
            "HANGS_SECONDS": "2",
            "NOTIFY_SOCKET": address,
            "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1_000_000),
            "PYTHONPATH": str(ROOT),
        }
        program = f"WATCHDOG_PID=$$ exec {sys.executable} -m tests.worker_program"
        with ThreadPoolExecutor(1) as starting:
            started = starting.submit(
                start_program, folder, "sh", "-c", program, port=port, settings=settings
            )
            assert systemd.wait_for_one() == READY_
            url = f"http://127.0.0.1:{port}{LIVE}"
            listened = httpx.get(url, trust_env=False, timeout=60).status_code
            made = Watched(systemd, redis, hold, started.result(), listened)
        yield made
        made.program.process.kill()
        made.program.process.wait(30)
        systemd.close()


def test_it_is_told_first_that_the_server_listens_and_then_that_it_lives(watched):
    assert watched.listened == 204
    assert [watched.systemd.wait_for_one() for _ in range(3)] == [ALIVE] * 3
    assert watched.systemd.told == [READY_, *[ALIVE] * 3]


def test_a_redis_that_answers_nothing_changes_neither(watched):
    os.kill(watched.redis.pid, signal.SIGSTOP)
    try:
        assert watched.health(READY) == 503
        watched.systemd.read()
        assert [watched.systemd.wait_for_one() for _ in range(3)] == [ALIVE] * 3
        until(lambda: watched.health(LIVE) == 204)
    finally:
        os.kill(watched.redis.pid, signal.SIGCONT)
    until(lambda: watched.health(READY) == 204)


def test_recognition_that_hangs_fails_live_and_nobody_is_told_that_it_lives(watched):
    page = watched.page()
    page.say("i keep thinking about killing myself")
    with watched.hanging("stuck-"):
        until(lambda: watched.health(LIVE) == 503)
        watched.systemd.read()
        assert [watched.health(LIVE) for _ in range(3)] == [503] * 3
        assert watched.systemd.read() == []
        refused = page.send(text="what now", id="m1")
        assert (refused.status_code, refused.json()) == (504, {"error": "failed"}), "for another"
        assert page.send(button=page.buttons[0]["id"]).status_code == 200, "needs no recognition"
    assert watched.systemd.wait_for_one() == ALIVE
    until(lambda: watched.health(LIVE) == 204)
    assert page.send(text="what now", id="m1").status_code == 200


def test_an_event_loop_that_hangs_answers_nothing_and_tells_nothing(watched):
    with watched.hanging("block-"):
        watched.systemd.read()
        with watched.program.client() as client, pytest.raises(httpx.ReadTimeout):
            client.get(LIVE, timeout=WATCHDOG_SECONDS)
        assert watched.systemd.read() == []
    assert watched.systemd.wait_for_one() == ALIVE
    until(lambda: watched.health(LIVE) == 204)


def test_the_stop_is_told_last(watched):
    assert watched.program.stop() == 0
    *alive, last = watched.systemd.read()
    assert last == STOPPING
    assert set(alive) <= {ALIVE}


async def never() -> bool:
    """Be asked by nobody."""
    raise AssertionError


def told(environment: dict[str, str], systemd: Systemd) -> tuple[list[str], int]:
    """Return what a watchdog with this environment tells, and how often it looks meanwhile."""
    looked = []

    async def live() -> bool:
        looked.append(1)
        return True

    async def run() -> None:
        watchdog = Watchdog(environment, live)
        watchdog.start()
        await asyncio.sleep(0.1)
        watchdog.stop()

    asyncio.run(run())
    return systemd.read(), len(looked)


@pytest.fixture
def abstract():
    """Return a socket without a file, and how systemd names it."""
    name = f"sidedoor-test-{secrets.token_hex(8)}"
    systemd = Systemd(f"\0{name}")
    yield systemd, f"@{name}"
    systemd.close()


def test_a_socket_without_a_file_is_told(abstract):
    systemd, name = abstract
    environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "60000000"}
    assert told(environment, systemd) == ([READY_, ALIVE, STOPPING], 1)


def test_without_a_watchdog_only_begin_and_end_are_told(abstract):
    systemd, name = abstract
    assert told({"NOTIFY_SOCKET": name}, systemd) == ([READY_, STOPPING], 0)
    another = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}
    assert told(another, systemd) == ([READY_, STOPPING], 0)


def test_without_a_socket_nothing_is_told_and_nothing_looked_at(abstract):
    systemd, _ = abstract
    assert told({"WATCHDOG_USEC": "60000000"}, systemd) == ([], 0)


def test_a_socket_that_nobody_reads_or_that_is_gone_stops_nothing(abstract):
    systemd, name = abstract
    environment = {"NOTIFY_SOCKET": name}
    for _ in range(1_000):
        Watchdog(environment, never).start()
    assert set(systemd.read()) == {READY_}
    systemd.close()
    Watchdog(environment, never).start()

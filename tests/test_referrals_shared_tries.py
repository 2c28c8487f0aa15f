"""Guessing in several workers that share a Redis: they have one limit together."""

import logging
import subprocess
import sys

import pytest

from bot.paths import ROOT
from bot.referrals.errors import DeskUnavailable, TooManyGuesses
from bot.referrals.guessing import BURST, REFILL_SECONDS, SLOWEST_SECONDS
from bot.referrals.shared_tries import KEY, SharedTries
from tests.referrals import Both

WORKER = """
import asyncio, sys
from bot.referrals import guessing
from bot.referrals.desk import Desk
from bot.referrals.errors import TooManyGuesses
from bot.referrals.shared_tries import SharedTries
from bot.referrals.tables import open_referrals
from tests.referrals import CHEAP

guessing.REFILL_SECONDS = 1_000_000  # however long the tries take
url, redis = sys.argv[1:]

async def no_wait(_):
    pass

desk = Desk(lambda: open_referrals(url), CHEAP, shared=SharedTries(redis), sleep=no_wait)

async def guess():
    tried = 0
    for number in range(guessing.BURST):
        try:
            assert await desk.open("1111 1111 1111 1111", f"conversation {number}") is None
            tried += 1
        except TooManyGuesses:
            pass
    print(tried)

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(guess())
"""


@pytest.fixture
def both(referrals, loop, held, running_redis) -> Both:
    """Return both ends, of which the trainee's shares its limit."""
    made = Both(referrals, loop)
    made.desk._shared = SharedTries(running_redis.url)
    return made


def test_two_workers_together_let_no_more_tries_through_than_one(referrals, held, running_redis):
    url = referrals.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", WORKER, url, running_redis.url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    workers = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    tried = [int(worker.communicate()[0]) for worker in workers]
    assert sum(tried) == BURST
    assert [worker.returncode for worker in workers] == [0, 0]


def test_what_is_shared_says_how_many_are_left_and_nothing_else(both, held):
    both.open("1111 1111 1111 1111", "a conversation")
    assert held.keys() == [KEY.encode()]
    assert set(held.hgetall(KEY)) == {b"left", b"at"}
    assert 0 < held.ttl(KEY) <= BURST * REFILL_SECONDS


def test_the_fewer_are_left_of_all_the_longer_everybody_waits(both, held):
    waited = []

    async def note(seconds):
        waited.append(seconds)

    both.desk._sleep = note
    now = held.time()[0]
    held.hset(KEY, mapping={"left": 1.5, "at": now + 3_600})  # no time passes for it
    both.open("1111 1111 1111 1111", "a new conversation")
    assert waited == [pytest.approx(SLOWEST_SECONDS * 0.95)]
    with pytest.raises(TooManyGuesses):
        both.open("1111 1111 1111 1111", "another")
    assert both.desk._guessing.refused == 1


def test_a_right_receipt_and_one_that_could_not_be_tried_cost_the_others_nothing(both, held):
    receipt = both.send()
    for _ in range(3):
        assert both.open(receipt, "a conversation") is not None
    with both.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE tickets RENAME TO hidden")
    with pytest.raises(DeskUnavailable):
        both.open(receipt, "a conversation")
    assert float(held.hget(KEY, "left")) == BURST


def test_without_redis_each_worker_has_its_own_limit(referrals, loop, caplog):
    both = Both(referrals, loop)
    both.desk._shared = SharedTries("redis://127.0.0.1:1/0")
    receipt = both.send()
    with caplog.at_level(logging.WARNING, "bot.referrals.shared_tries"):
        assert both.open(receipt) is not None
    for number in range(BURST):
        assert both.open("1111 1111 1111 1111", f"conversation {number}") is None
    with pytest.raises(TooManyGuesses):
        both.open("1111 1111 1111 1111", "one more")
    assert "tries of receipts not shared" in caplog.text


def test_the_assistants_desk_shares_where_there_is_a_redis(monkeypatch):
    from bot.referrals import desk as module

    for address in ("redis://127.0.0.1:1/0", ""):
        made = module.desk.__wrapped__
        monkeypatch.setattr(module, "settings", lambda at=address: Settings(at))
        assert (made()._shared is not None) == bool(address)


class Settings:
    """The two settings that the desk reads."""

    referrals_url = "sqlite://"

    def __init__(self, redis_url):
        self.redis_url = redis_url

"""Health: live means that a word is recognised, ready that a real turn is answered.

Nobody can make either dear. `tests/test_watchdog.py` has a program that hangs.
"""

import asyncio
from types import SimpleNamespace

import pytest

from bot import health as module
from bot.health import FRESH_SECONDS, Health, can_answer, recognises
from bot.nlu.language import spacy_language
from bot.privacy.words import Words
from bot.server import _schedules
from bot.settings import read_settings
from tests.clocks import Clock


def test_a_real_turn_is_held_and_forgotten(loop, agent):
    before = set(loop.run(agent.tracker_store.keys()))
    assert loop.run(can_answer(agent)) is True
    assert set(loop.run(agent.tracker_store.keys())) == before


def test_a_part_that_fails_is_not_ready(loop, agent, monkeypatch):
    async def fails(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(agent.tracker_store, "retrieve", fails)
    assert loop.run(can_answer(agent)) is False


CHECKS = [("can_answer", Health.ready), ("recognises", Health.live)]


@pytest.mark.parametrize(("check", "asks"), CHECKS)
def test_many_who_ask_share_a_check_and_later_ones_do_not(check, asks, monkeypatch):
    checks = []

    async def counted(agent: object) -> bool:
        checks.append(agent)
        await asyncio.sleep(0)
        return len(checks) < 3

    monkeypatch.setattr(module, check, counted)
    health = Health(clock := Clock())

    async def ask():
        assert await asyncio.gather(*(asks(health, "agent") for _ in range(20))) == [True] * 20
        assert len(checks) == 1
        clock.now += FRESH_SECONDS
        assert await asks(health, "agent") is True
        clock.now += FRESH_SECONDS
        assert await asks(health, "agent") is False
        assert len(checks) == 3

    asyncio.run(ask())


@pytest.mark.parametrize(("check", "asks"), CHECKS)
def test_whoever_asks_while_a_long_check_runs_begins_no_other(check, asks, monkeypatch):
    checks, done = [], []

    async def long(agent: object) -> bool:
        checks.append(agent)
        return await done[0]

    monkeypatch.setattr(module, check, long)
    health = Health(clock := Clock())

    async def ask():
        done.append(asyncio.get_running_loop().create_future())
        first = asyncio.ensure_future(asks(health, "agent"))
        await asyncio.sleep(0)
        clock.now += 10 * FRESH_SECONDS
        later = asyncio.ensure_future(asks(health, "agent"))
        await asyncio.sleep(0)
        done[0].set_result(True)
        assert await asyncio.gather(first, later) == [True, True]
        assert len(checks) == 1

    asyncio.run(ask())


@pytest.mark.parametrize(("check", "asks"), CHECKS)
def test_a_check_that_raises_does_not_hold(check, asks, monkeypatch):
    async def raises(agent: object) -> bool:
        raise OSError

    monkeypatch.setattr(module, check, raises)
    assert asyncio.run(asks(Health(), "agent")) is False


def test_what_is_told_to_stop_is_not_ready_and_lives(loop, agent):
    health = Health()
    health.stopping = True
    assert loop.run(health.ready(agent)) is False
    assert loop.run(health.live(agent)) is True


def test_checking_teaches_the_language_no_word(loop, agent):
    """Or it would be loaded again every half hour, also where nobody writes."""
    Words(agent).renew()
    known = len(spacy_language().vocab.strings)
    assert loop.run(recognises(agent)) is True
    assert loop.run(can_answer(agent)) is True
    assert len(spacy_language().vocab.strings) == known


def test_whoever_must_wait_long_takes_it_for_living_if_others_are_recognised(monkeypatch):
    async def check(ended: int) -> bool:
        async def of(message: object) -> None:
            recognition.passes += ended
            await asyncio.Event().wait()

        recognition = SimpleNamespace(passes=7, of=of)
        return await recognises(SimpleNamespace(processor=SimpleNamespace(recognition=recognition)))

    monkeypatch.setattr(module, "HANGS_SECONDS", 0.01)
    assert asyncio.run(check(1)) is True
    assert asyncio.run(check(0)) is False


def test_jobs_that_one_process_must_do_can_be_left_to_another():
    assert len(_schedules(read_settings({}))) == 2
    assert _schedules(read_settings({"SIDEDOOR_JOBS": "0"})) == ()

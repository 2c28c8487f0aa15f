"""Health: ready means that a real turn is answered, and nobody can make that dear."""

import asyncio

from bot import health as module
from bot.health import FRESH_SECONDS, Health, can_answer
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


def test_many_who_ask_share_a_turn_and_later_ones_do_not(monkeypatch):
    turns = []

    async def counted(agent: object) -> bool:
        turns.append(agent)
        await asyncio.sleep(0)
        return len(turns) < 3

    monkeypatch.setattr(module, "can_answer", counted)
    health = Health(clock := Clock())

    async def ask():
        assert await asyncio.gather(*(health.ready("agent") for _ in range(20))) == [True] * 20
        assert len(turns) == 1
        clock.now += FRESH_SECONDS
        assert await health.ready("agent") is True
        clock.now += FRESH_SECONDS
        assert await health.ready("agent") is False
        health.stopping = True
        clock.now += FRESH_SECONDS
        assert await health.ready("agent") is False
        assert len(turns) == 3

    asyncio.run(ask())


def test_a_check_that_raises_is_not_ready(monkeypatch):
    async def raises(agent: object) -> bool:
        raise OSError

    monkeypatch.setattr(module, "can_answer", raises)
    assert asyncio.run(Health().ready("agent")) is False


def test_jobs_that_one_process_must_do_can_be_left_to_another():
    assert len(_schedules(read_settings({}))) == 2
    assert _schedules(read_settings({"SIDEDOOR_JOBS": "0"})) == ()

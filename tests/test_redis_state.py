"""Conversation state in a real Redis: the same wiping, the same hour, and nothing on disk."""

import asyncio
from pathlib import Path

import pytest
from rasa.core.agent import Agent
from redis import Redis

from bot import agent as loading
from bot.agent import NotOurPartError, load_our_agent
from bot.channels.conversation import OPEN, ask_agent
from bot.dialogue.redis_state import PREFIX, RedisNotFitError, RedisTrackerStore
from bot.privacy.lifetimes import LIFE_SECONDS
from bot.settings import read_settings
from tests.services import free_port, redis_server
from tests.test_state import CANARY, tracker_with_canary


def everything(client: Redis) -> bytes:
    return b"".join(key + (client.get(key) or b"") for key in client.scan_iter())


def test_a_saved_conversation_holds_no_word_and_ends_in_an_hour(running_redis, held):
    asyncio.run(RedisTrackerStore(running_redis.url).save(tracker_with_canary()))
    assert held.keys() == [f"{PREFIX}someone".encode()]
    assert LIFE_SECONDS - 5 <= held.ttl(f"{PREFIX}someone") <= LIFE_SECONDS
    assert CANARY.encode() not in everything(held)


def test_expiry_deletes(running_redis, held):
    async def wait():
        store = RedisTrackerStore(running_redis.url, life=1)
        await store.save(tracker_with_canary())
        assert await store.retrieve("someone") is not None
        while await store.retrieve("someone") is not None:
            await asyncio.sleep(0.05)

    asyncio.run(wait())
    assert everything(held) == b""


def test_forgetting_deletes_the_bytes(running_redis, held):
    async def forget():
        store = RedisTrackerStore(running_redis.url)
        await store.save(tracker_with_canary("someone"))
        await store.save(tracker_with_canary("else"))
        assert sorted(await store.keys()) == ["else", "someone"]
        await store.delete("someone")
        assert await store.keys() == ["else"]

    asyncio.run(forget())
    assert b"someone" not in everything(held)


def test_a_conversation_goes_on_from_redis_in_another_process_of_ours(
    running_redis, held, monkeypatch
):
    """Two agents, each with its own client, hold one conversation in turns."""
    chosen = read_settings({"SIDEDOOR_REDIS_URL": running_redis.url})
    monkeypatch.setattr(loading, "settings", lambda: chosen)

    async def talk():
        agents: list[Agent] = [await load_our_agent(), await load_our_agent()]
        assert all(isinstance(agent.tracker_store, RedisTrackerStore) for agent in agents)

        async def ask(agent, **said):
            return await ask_agent(agent.handle_message, "a" * 32, "test", **said)

        await ask(agents[0], payload=OPEN, deanery="thames_valley")
        await ask(agents[1], text=f"my consultant humiliates me {CANARY}")
        bubbles = await ask(agents[0], text="how do i get in touch with the psu")
        assert any("thamesvalley" in bubble.text for bubble in bubbles)
        tracker = await agents[1].tracker_store.retrieve("a" * 32)
        assert tracker.get_slot("turn") >= 3

    asyncio.run(talk())
    assert CANARY.encode() not in everything(held)
    assert b"humiliates" not in everything(held)


def test_a_redis_that_is_down_is_told_in_one_line(monkeypatch):
    chosen = read_settings({"SIDEDOOR_REDIS_URL": f"redis://:word@127.0.0.1:{free_port()}/0"})
    monkeypatch.setattr(loading, "settings", lambda: chosen)
    with pytest.raises(NotOurPartError, match="Redis does not answer") as error:
        asyncio.run(load_our_agent())
    assert "word" not in str(error.value)


@pytest.mark.parametrize("options", [("--save", "60 1"), ("--save", "", "--appendonly", "yes")])
def test_a_redis_that_writes_to_disk_is_refused(tmp_path: Path, options):
    with (
        redis_server(tmp_path, *options) as running,
        pytest.raises(RedisNotFitError, match="writes to disk"),
    ):
        asyncio.run(RedisTrackerStore(running.url).check())


def test_a_redis_that_hides_whether_it_writes_is_refused(tmp_path: Path):
    options = ("--save", "", "--rename-command", "CONFIG", "")
    with (
        redis_server(tmp_path, *options) as running,
        pytest.raises(RedisNotFitError, match="allow CONFIG GET"),
    ):
        asyncio.run(RedisTrackerStore(running.url).check())


def test_a_redis_that_goes_down_in_mid_conversation_brings_the_help_card(
    tmp_path: Path, monkeypatch, loop, agent
):
    with redis_server(tmp_path) as running:
        store = RedisTrackerStore(running.url, agent.domain)
    monkeypatch.setattr(agent.processor, "tracker_store", store)
    bubbles = loop.run(ask_agent(agent.handle_message, "b" * 32, "test", text="im so tired"))
    assert any("116 123" in bubble.text for bubble in bubbles)


def test_the_store_without_a_setting_is_in_memory():
    assert type(asyncio.run(_loaded())) is loading.EphemeralTrackerStore


async def _loaded():
    return (await load_our_agent()).tracker_store

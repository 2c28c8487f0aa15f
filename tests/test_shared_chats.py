"""Chats that several workers share in a real Redis: found by any, readable by none but the page."""

import asyncio

import pytest

from bot.channels.conversation import Bubble, Button
from bot.channels.web_chats import RETRY_SECONDS, AnswerGoneError
from bot.channels.web_shared import ANSWER, CHAT, SharedChats, new_name
from bot.privacy.lifetimes import LIFE_SECONDS
from bot.redis_client import REDIS_ERRORS
from tests.proxied import RedisAsShipped
from tests.services import free_port

CANARY = "quokka-in-the-sluice"

BUBBLES = [Bubble(f"heard {CANARY}", (Button("b1", "Yes", "/affirm"),), ("utter_x",))]


class Worker:
    """One of several workers: its chats, and how it answers."""

    def __init__(self, url: str):
        self.chats = SharedChats(url, lambda: 0.0)
        self.turns = 0

    async def begin(self):
        """Open a chat whose opening offers one button; return its token."""
        token, chat = self.chats.open(lambda _: new_name())
        await self._answer(token, chat, None)
        return token

    async def send(self, token, message):
        """Answer a message as the channel does."""
        chat = await self.chats.fetch(token)
        try:
            return await chat.once(message, lambda: self._answer(token, chat, message))
        except AnswerGoneError:
            return await self.chats.answer(token, message)

    async def _answer(self, token, chat, message):
        self.turns += 1
        number = self.turns
        chat.buttons = {f"button-{id(self)}-{number}": "/affirm"}
        await self.chats.keep(token, chat, message, BUBBLES)
        return BUBBLES


def test_a_chat_goes_on_at_another_worker_and_comes_back(running_redis, held):
    async def move():
        one, other = Worker(running_redis.url), Worker(running_redis.url)
        token = await one.begin()
        begun, met = await one.chats.fetch(token), await other.chats.fetch(token)
        assert met.pseudonym == begun.pseudonym
        assert met.buttons == begun.buttons
        await other.send(token, "m1")
        assert (await one.chats.fetch(token)).buttons == met.buttons
        assert len(met.buttons) == 1

    asyncio.run(move())


def test_a_message_that_was_answered_is_not_answered_again_by_another_worker(running_redis, held):
    async def again():
        one, other = Worker(running_redis.url), Worker(running_redis.url)
        token = await one.begin()
        assert await one.send(token, "m1") == BUBBLES
        assert await other.send(token, "m1") == BUBBLES
        assert other.turns == 0
        assert await one.send(token, "m2") == BUBBLES
        assert await other.send(token, "m1") is None, "only the last answer is held"

    asyncio.run(again())


def test_what_is_held_ends_with_the_conversation_and_the_answer_before(running_redis, held):
    async def once():
        one = Worker(running_redis.url)
        await one.send(await one.begin(), "m1")

    asyncio.run(once())
    (chat,), (answer,) = held.keys(f"{CHAT}*"), held.keys(f"{ANSWER}*")
    assert LIFE_SECONDS - 5 <= held.ttl(chat) <= LIFE_SECONDS
    assert RETRY_SECONDS - 5 <= held.ttl(answer) <= RETRY_SECONDS


def test_redis_holds_nothing_that_can_be_read_without_the_token(running_redis, held):
    async def talk():
        one = Worker(running_redis.url)
        token = await one.begin()
        await one.send(token, "m1")
        return token, (await one.chats.fetch(token)).pseudonym

    token, name = asyncio.run(talk())
    everything = b"".join(key + held.get(key) for key in held.scan_iter())
    for told in (token, name, CANARY, "button-", "affirm", "utter_x"):
        assert told.encode() not in everything


def test_no_other_token_opens_a_record(running_redis, held):
    async def swap():
        one = Worker(running_redis.url)
        first, second = await one.begin(), await one.begin()
        keys = sorted(held.keys(f"{CHAT}*"))
        a, b = held.get(keys[0]), held.get(keys[1])
        held.mset({keys[0]: b, keys[1]: a})
        assert await one.chats.fetch(first) is None
        assert await one.chats.fetch(second) is None
        assert await one.chats.fetch("of nobody") is None
        assert await one.chats.fetch("\ud800") is None

    asyncio.run(swap())


def test_a_chat_that_was_left_is_deleted_and_a_turn_of_it_writes_nothing_more(running_redis, held):
    async def leave():
        one, other = Worker(running_redis.url), Worker(running_redis.url)
        token = await one.begin()
        chat = await one.chats.fetch(token)
        one.chats.end(token)
        await one.chats.forget(token)
        await one.chats.keep(token, chat, "late", BUBBLES)
        assert await other.chats.fetch(token) is None

    asyncio.run(leave())
    assert held.keys() == []


def test_a_running_turn_keeps_the_buttons_that_it_took_away(running_redis, held):
    async def press_twice():
        one = Worker(running_redis.url)
        token = await one.begin()
        chat, go = await one.chats.fetch(token), asyncio.Event()
        chat.buttons = {}  # as the channel does when one is pressed

        async def turn():
            await go.wait()
            return BUBBLES

        running = asyncio.ensure_future(chat.once("m1", turn))
        await asyncio.sleep(0)
        assert (await one.chats.fetch(token)).buttons == {}
        go.set()
        await running

    asyncio.run(press_twice())


def test_a_redis_that_is_down_costs_no_answer():
    async def down():
        one = Worker(f"redis://127.0.0.1:{free_port()}/0")
        token = await one.begin()
        with pytest.raises(REDIS_ERRORS):
            await one.chats.fetch(token)
        assert await one.chats.answer(token, "m1") is None

    asyncio.run(down())


def test_after_a_redis_started_again_every_chat_is_kept_whatever_connection_is_used(tmp_path):
    """Each connection that was held is lost; nobody is told that a new conversation has ended."""
    redis = RedisAsShipped(tmp_path)

    async def restart():
        one = Worker(redis.url)
        await asyncio.gather(*(one.begin() for _ in range(8)))  # so many connections are held
        redis.stop()
        redis.start()
        tokens = await asyncio.gather(*(one.begin() for _ in range(8)))
        assert all(await asyncio.gather(*map(one.chats.fetch, tokens)))

    try:
        asyncio.run(restart())
    finally:
        redis.stop()

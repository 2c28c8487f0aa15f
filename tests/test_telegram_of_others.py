"""Bot API servers that others wrote leave out what the library takes for granted.

What this one lacks or adds was seen in a public emulator of the Bot API: a bot that is not said to
be one, dates in milliseconds, refusals with status 200, presses on messages without number and
date, and no waiting for updates.
"""

import asyncio

import pytest

from bot.channels.conversation import fallback_bubbles
from bot.channels.fixed import fixed
from bot.channels.telegram import TelegramChannel
from bot.settings import read_settings
from tests.fake_telegram import TOKEN, FakeTelegram
from tests.test_telegram import STALE, Connected

LACKING = {"deleteMessages", "sendChatAction", "setMyCommands", "setMyDescription"}


class OtherTelegram(FakeTelegram):
    """A Bot API server that is as rough as that one."""

    async def _getMe(self, values):  # noqa: N802
        return {"id": 666, "first_name": "bot", "username": "TestNameBot"}

    async def _getUpdates(self, values):  # noqa: N802
        return await super()._getUpdates({**values, "timeout": 0})

    async def _answer(self, path, body):
        answer = await super()._answer(path, body)
        return answer if answer is None or b"deleted" not in answer[1] else (200, answer[1])

    def _shown(self, message):
        shown = super()._shown(message)
        return {**shown, "date": shown["date"] * 1_000, "from": None}


@pytest.fixture
def other(agent, loop):
    """Return a connection to such a server."""
    telegram = OtherTelegram(unsupported={*LACKING})
    connected = Connected(telegram, agent, loop)
    connected.start()
    yield connected
    connected.stop()
    telegram.stop()


def test_the_start_is_not_given_up():
    telegram = OtherTelegram()
    chosen = read_settings({"SIDEDOOR_TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url})
    asyncio.run(TelegramChannel(chosen).check())
    telegram.stop()


def test_every_bubble_comes_once_and_buttons_can_be_pressed(other):
    said = other.say(5, "/start")
    assert len(said) == len({*said}) == 3
    answer = other.press(5, "Something")
    assert answer
    assert answer not in (
        [STALE],
        [b.text for b in fallback_bubbles()],
    )


def test_a_press_on_a_message_without_number_or_date_is_answered(other):
    other.say(5, "/start")
    _, button = other.telegram.button(5, "What is the PSU")
    person = {"id": 5, "first_name": "Pat", "is_bot": False}
    press = {
        "id": "1",
        "from": person,
        "message": {"from": person, "chat": {"id": 5, "type": "private", "title": "x"}},
        "data": button["callback_data"],
    }
    before = len(other.telegram.to(5))
    update = other.telegram.update(callback_query=press)
    other.telegram.deliver(update)
    other.answered(update)
    assert any("deanery" in text for text in other.telegram.texts(5)[before:])


def test_what_was_not_deleted_is_told_though_the_refusal_is_no_error(other):
    other.say(5, "/start")
    other.telegram.undeletable = {other.telegram.to(5)[0]["id"]}
    said = other.say(5, "/forget")[0]
    assert fixed("utter_telegram_deleted", deleted=4) in said
    assert fixed("utter_telegram_refused", refused=1, hours=48) in said


def test_a_server_that_does_not_wait_is_not_asked_without_a_pause(other):
    before = len(other.telegram.fetched)
    other.loop.run(asyncio.sleep(1))
    assert 1 <= len(other.telegram.fetched) - before <= 6

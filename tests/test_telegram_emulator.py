"""The whole program against a Bot API that others wrote, with their client, over HTTP."""

import pytest

from bot.channels.fixed import fixed
from bot.channels.telegram_answers import numbers_for_all
from tests.bot_api_emulator import BotApiEmulator
from tests.fake_telegram import TOKEN
from tests.program import QUICK, start_program

NUMBERS = ("999", "116 123")


@pytest.fixture(scope="module")
def emulator():
    """Return the emulator, running."""
    running = BotApiEmulator()
    yield running
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def program(emulator, tmp_path_factory):
    """Run the assistant against it."""
    settings = {"SIDEDOOR_TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": emulator.url}
    running = start_program(tmp_path_factory.mktemp("emulated"), *QUICK, "run", settings=settings)
    yield running
    assert running.stop() == 0


def test_a_conversation_from_the_start_to_the_units_address(emulator):
    chat = 11
    emulator.say(chat, "/start")
    opening = emulator.answer(chat, 3)
    assert len({*opening}) == len(opening) == 3
    emulator.press(chat, "What is the PSU")
    asked = emulator.answer(chat, 4)
    assert "Professional Support" in " ".join(asked[3:])
    emulator.say(chat, "im so tired after nights that i cry in the car")
    assert len(emulator.answer(chat, len(asked) + 1)) > len(asked)


def test_a_sign_of_danger_gets_the_numbers_first_and_is_stayed_with(emulator):
    chat = 12
    emulator.say(chat, "I keep thinking about killing myself")
    answer = emulator.answer(chat, 1)
    assert all(number in answer[0] for number in NUMBERS)
    emulator.say(chat, "yes")
    then = emulator.answer(chat, len(answer) + 1)
    assert len(then) > len(answer)
    assert fixed("utter_telegram_stale_button", **numbers_for_all()) not in then


def test_two_people_write_at_once_and_each_has_their_own_answers(emulator):
    first, second = 13, 14
    for chat in (first, second):
        emulator.say(chat, "/privacy")
    assert emulator.answer(first, 4) == emulator.answer(second, 4)


def test_help_then_everything_is_deleted_one_by_one(emulator):
    chat = 15
    emulator.say(chat, "/help")
    assert all(number in emulator.answer(chat, 1)[0] for number in NUMBERS)
    assert emulator.written(chat) == ["/help"]
    emulator.say(chat, "/forget")
    emulator.until(lambda: emulator.written(chat) == [])
    left = emulator.answer(chat, 1)
    assert fixed("utter_telegram_deleted", deleted=4) in left[0]

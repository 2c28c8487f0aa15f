"""Numbers of Telegram messages for /forget: by the hour, and joined by nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.privacy.lifetimes import DELETABLE_SECONDS, HOUR, NUMBERS_SECONDS
from bot.privacy.message_numbers import NUMBER, TAG, MessageNumbers
from tests.clocks import Clock

MOST = "bot.privacy.message_numbers.MOST_MESSAGE_NUMBERS"


@pytest.fixture
def clock() -> Clock:
    """Return a clock at zero."""
    return Clock()


@pytest.fixture
def numbers(clock) -> MessageNumbers:
    """Return message numbers under that clock."""
    return MessageNumbers(clock)


def test_they_are_held_as_long_as_they_can_be_deleted_and_an_hour_at_most(numbers, clock):
    clock.now = HOUR - 1
    numbers.note(7, 1)
    clock.now = HOUR
    numbers.note(7, 2)
    numbers.note(8, 3)
    clock.now = HOUR - 1 + DELETABLE_SECONDS
    assert numbers.of(7) == [1, 2]
    clock.now = NUMBERS_SECONDS
    assert numbers.of(7) == [2]
    assert numbers.of(8) == [3]


def test_who_is_forgotten_has_none_and_others_keep_theirs(numbers, clock):
    for number in range(10):
        clock.now = number * HOUR / 3
        numbers.note(7 + number % 2, number)
    numbers.forget(7)
    assert numbers.of(7) == []
    assert numbers.of(8) == [1, 3, 5, 7, 9]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 30), st.booleans()), max_size=80))
def test_whatever_is_noted_and_let_go_of_the_rest_is_held(steps):
    numbers, kept = MessageNumbers(Clock()), {}
    for chat, number, noted in steps:
        if noted:
            numbers.note(chat, number)
            kept.setdefault(chat, set()).add(number)
        else:
            numbers.let_go(chat, {number})
            kept.setdefault(chat, set()).discard(number)
    assert {chat: numbers.of(chat) for chat in kept} == {c: sorted(n) for c, n in kept.items()}


def test_entries_tell_no_chat_no_number_no_order_and_no_time_within_the_hour(numbers, clock):
    for number in range(1_000_000, 1_000_060):
        clock.now += 7.25
        numbers.note(987_654_321 + number % 2, number)
    (hour,) = numbers._hours
    assert (hour.hour, hour.began) == (0, 0.0)
    assert hour.entries == sorted(hour.entries)
    for at in (slice(0, TAG), slice(TAG, TAG + NUMBER)):
        assert len({entry[at] for entry in hour.entries}) == 60
    assert all(len(entry) == TAG + NUMBER for entry in hour.entries)
    held = b"".join(hour.entries)
    assert not any(n.to_bytes(4, "big") in held for n in range(1_000_000, 1_000_060))


def test_each_hour_has_a_key_that_is_overwritten_with_it(numbers, clock):
    numbers.note(7, 1)
    clock.now = HOUR
    numbers.note(7, 1)
    first, second = numbers._hours
    assert first.secret != second.secret
    assert not {*first.entries} & {*second.entries}
    clock.now = NUMBERS_SECONDS
    numbers.sweep()
    assert numbers._hours == [second]
    assert first.secret == bytearray(32)
    assert first.entries == []


def test_they_are_bounded_and_the_oldest_hour_goes(numbers, clock, monkeypatch):
    monkeypatch.setattr(MOST, 3)
    for number in range(5):
        clock.now = number * HOUR
        numbers.note(7, number)
    assert numbers.of(7) == [2, 3, 4]


def test_whether_some_are_missing_since_a_start_depends_on_its_time(numbers, clock):
    assert numbers.restarted()
    clock.now = DELETABLE_SECONDS
    assert not numbers.restarted()


def test_what_was_dropped_for_want_of_room_is_known_as_long_as_it_matters(
    numbers, clock, monkeypatch
):
    monkeypatch.setattr(MOST, 3)
    for number in range(3):
        numbers.note(7, number)
    assert not numbers.some_dropped()
    clock.now = 10 * HOUR
    numbers.note(7, 4)
    assert numbers.of(7) == [4]
    assert numbers.some_dropped()
    clock.now = HOUR + DELETABLE_SECONDS - 1
    assert numbers.some_dropped()
    clock.now = HOUR + DELETABLE_SECONDS
    assert not numbers.some_dropped()

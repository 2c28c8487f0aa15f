"""Pseudonyms and their keys, under a clock that the test sets."""

import gc
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.privacy import pseudonyms
from bot.privacy.lifetimes import (
    KEY_LIFE_SECONDS,
    KEY_ROTATION_SECONDS,
    LIFE_SECONDS,
)
from bot.privacy.pseudonyms import Pseudonyms
from tests.clocks import Clock


@pytest.fixture
def clock() -> Clock:
    """Return a clock at zero."""
    return Clock()


@pytest.fixture
def names(clock) -> Pseudonyms:
    """Return pseudonyms under that clock."""
    return Pseudonyms(clock)


def test_a_name_is_128_bits_and_the_same_within_a_conversation(names, clock):
    name = names.of("telegram", "123456789")
    assert re.fullmatch("[0-9a-f]{32}", name)
    clock.now = LIFE_SECONDS - 1
    assert names.of("telegram", "123456789") == name


def test_people_channels_and_processes_have_different_names(names):
    assert names.of("telegram", "1") != names.of("telegram", "2")
    assert names.of("telegram", "1") != names.of("web", "1")
    assert names.of("telegram", "1") != Pseudonyms().of("telegram", "1")


@given(st.text(), st.text())
def test_any_identifier_has_a_name(channel, identifier):
    assert len(Pseudonyms(Clock()).of(channel, identifier)) == 32


def test_keys_rotate_at_most_a_day_apart_and_die_within_one():
    assert KEY_ROTATION_SECONDS <= KEY_LIFE_SECONDS <= 24 * 60 * 60


def test_after_a_rotation_the_name_is_another(names, clock):
    before = names.of("telegram", "1")
    clock.now = KEY_ROTATION_SECONDS
    assert names.of("telegram", "1") != before


def test_a_running_conversation_survives_a_rotation(names, clock):
    names.of("telegram", "first")  # makes the key
    clock.now = KEY_ROTATION_SECONDS - 60
    name = names.of("telegram", "1")
    clock.now = KEY_ROTATION_SECONDS + 60
    other = names.of("telegram", "2")
    assert names.of("telegram", "1") == name
    assert len(names.key_ages()) == 2
    clock.now += LIFE_SECONDS - 1
    assert names.of("telegram", "1") == name
    assert names.of("telegram", "2") == other


def test_the_old_key_dies_an_hour_after_its_last_conversation(names, clock):
    names.of("telegram", "first")  # makes the key
    clock.now = KEY_ROTATION_SECONDS - 60
    name = names.of("telegram", "1")
    old = names._keys[0]
    clock.now = KEY_ROTATION_SECONDS - 60 + LIFE_SECONDS - 1
    names.sweep()
    assert len(names.key_ages()) == 1
    clock.now += 1
    names.sweep()
    assert names.key_ages() == []
    assert old.secret == bytearray(32)
    assert names.of("telegram", "1") != name


def test_a_key_nobody_uses_dies_at_the_rotation_without_a_message(names, clock):
    names.of("telegram", "1")
    clock.now = KEY_ROTATION_SECONDS
    names.sweep()
    assert names.key_ages() == []


def test_no_conversation_keeps_a_key_beyond_its_life(names, clock):
    name = names.of("telegram", "1")
    while clock.now < KEY_LIFE_SECONDS - 600:
        clock.now += 600
        assert names.of("telegram", "1") == name
    clock.now = KEY_LIFE_SECONDS
    assert names.of("telegram", "1") != name
    assert max(names.key_ages()) < KEY_LIFE_SECONDS


@given(st.lists(st.tuples(st.integers(0, 3 * 3600), st.integers(0, 3)), max_size=60))
def test_no_key_is_older_than_its_life_whoever_writes_when(steps):
    clock = Clock()
    names = Pseudonyms(clock)
    for wait, who in steps:
        clock.now += wait
        names.of("telegram", str(who))
        ages = names.key_ages()
        assert max(ages) < KEY_LIFE_SECONDS
        assert min(ages) < KEY_ROTATION_SECONDS
        assert len(ages) <= KEY_LIFE_SECONDS // KEY_ROTATION_SECONDS + 1


def test_after_forgetting_during_an_old_keys_last_hour_the_name_is_another(names, clock):
    names.of("telegram", "first")  # makes the key
    clock.now = KEY_ROTATION_SECONDS - 60
    name = names.of("telegram", "1")
    clock.now = KEY_ROTATION_SECONDS
    assert names.of("telegram", "1") == name
    names.forget(name)
    assert names.of("telegram", "1") != name


def test_names_are_bounded(names, monkeypatch):
    monkeypatch.setattr(pseudonyms, "MOST_CONVERSATIONS", 3)
    for number in range(10):
        names.of("telegram", str(number))
    assert len(names._keys[0].named) == 3


def test_nothing_held_links_a_conversation_to_the_one_before_the_rotation(names, clock):
    """Everything an operator holds after the rotation, tried against the person's own id.

    The operator knows the id, the old pseudonym (from a copy made in time) and the whole
    memory of the object now. Recomputing with every key that is still held must not give the
    old name, and neither the id nor the old name may be among the held values.
    """
    chat = "987654321"
    old = names.of("telegram", chat)
    clock.now = KEY_ROTATION_SECONDS + LIFE_SECONDS
    new = names.of("telegram", chat)
    gc.collect()
    assert old != new
    assert all(key.name("telegram", chat) != old for key in names._keys)
    held = repr([(key.made, bytes(key.secret), dict(key.named)) for key in names._keys])
    assert old not in held
    assert chat not in held

"""A new conversation after a rotation cannot be linked to the old one by what is held in memory.

The whole of what the assistant holds is walked through, not only its keys: once before anybody
wrote, once in a conversation, once after a rotation with the same person in a new one.
"""

import inspect
import json
import math
import re
import sqlite3
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import numpy
import pytest
from redis import Redis

from bot.dialogue.in_confidence import in_confidence
from bot.dialogue.redis_state import PREFIX, RedisTrackerStore
from bot.dialogue.state import EphemeralTrackerStore
from bot.privacy.lifetimes import HOUR, KEY_ROTATION_SECONDS, LIFE_SECONDS, SWEEP_SECONDS
from bot.privacy.sweeping import sweep_once
from bot.referrals.desk import desk
from bot.settings import settings
from tests.fake_telegram import FakeTelegram
from tests.test_telegram import Connected

CHAT, NOW = 8_234_567_891, 5_012_345.625

Atom = str | bytes | int | float

UNREAD = (type, ModuleType, BuiltinFunctionType, numpy.ndarray)
"""What no conversation is in: code, and the model's matrices."""


def atoms(*roots: object) -> Iterator[Atom]:
    """Yield every text, number and string of bytes that can be reached from `roots`."""
    seen, waiting = set(), deque(roots)
    while waiting:
        each = waiting.pop()
        if isinstance(each, UNREAD) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, str | bytes | int | float):
            yield each
        elif isinstance(each, bytearray):
            yield bytes(each)
        elif isinstance(each, Mapping):
            waiting.extend([*each.keys(), *each.values()])
        elif isinstance(each, list | tuple | set | frozenset | deque):
            waiting.extend(each)
        elif isinstance(each, MethodType):
            waiting.append(each.__self__)
        elif isinstance(each, FunctionType):
            waiting.extend(cell.cell_contents for cell in each.__closure__ or () if _full(cell))
        else:
            waiting.extend(getattr(each, "__dict__", {}).values())
            waiting.extend(_in_slots(each))


def _full(cell) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _in_slots(each: object) -> Iterator[object]:
    for kind in type(each).__mro__:
        for member in filter(inspect.ismemberdescriptor, kind.__dict__.values()):
            with suppress(AttributeError):
                yield member.__get__(each)


def telling(found: Iterator[Atom]) -> set[Atom]:
    """Return those that are no small number and no short word, which are everywhere."""
    return {
        each
        for each in found
        if not isinstance(each, bool) and (abs(each) > 9_999 if _number(each) else len(each) > 6)
    }


def _number(each: Atom) -> bool:
    return isinstance(each, int | float)


@pytest.fixture
def own(agent, loop, monkeypatch):
    """Return a connection on which every part goes by a clock that the test sets."""
    telegram = FakeTelegram()
    telegram._number = 3_000_000_000
    telegram._update = 2_000_000_000
    connected = Connected(telegram, agent, loop)
    store = EphemeralTrackerStore(
        agent.domain, agent.tracker_store.event_broker, clock=connected.clock
    )
    monkeypatch.setattr(agent, "tracker_store", store)
    monkeypatch.setattr(agent.processor, "tracker_store", store)
    for part in (store.event_broker, in_confidence(), desk()._guessing):
        monkeypatch.setattr(part, "_clock", connected.clock)
    # The units' keys are read once, by the first conversation, and not again in the middle.
    monkeypatch.setattr("bot.referrals.desk.KEYS_SECONDS", math.inf)
    monkeypatch.setattr(desk(), "_keys_until", 0.0)
    connected.clock.now = NOW
    connected.start()
    yield connected
    connected.stop()
    telegram.stop()


def held(own: Connected) -> set[Atom]:
    """Return what the assistant holds once everything has been noticed and swept."""
    agent, broker = own.agent, own.agent.tracker_store.event_broker
    assert broker.write_now()
    sweep_once([agent.tracker_store.drop_expired, own.channel.sweep, broker.sweep, desk().sweep])
    assert broker.write_now()
    return telling(atoms(own.channel, agent, in_confidence(), desk()))


def converse(own: Connected, chat: int = CHAT) -> None:
    """Hold a conversation with everything that leaves something: words, buttons, other kinds."""
    for text in ("/start", "im so tired after nights", "/privacy", "7654-3210-1234-9999"):
        own.clock.now += 61.375
        own.say(chat, text)
    own.press(chat, "", "deadbeef")
    own.say(chat, location={"longitude": 0.1, "latitude": 51.5})


def test_nothing_that_is_held_links_a_conversation_to_the_one_before_the_rotation(own):
    """Whoever has copies of all that is held, of then and of now, finds nothing that is in both.

    But for what /forget needs, what the figures of the month are counted by, and the ids of the
    last updates, whoever's they are; none of these is the new conversation's.
    """
    converse(own, CHAT + 1)  # makes the key
    before = held(own)
    began, began_here = time.time(), own.clock.now
    converse(own)
    old, during = own.name(CHAT), held(own)
    ended, ended_here = time.time(), own.clock.now
    written = {m["id"] for m in own.telegram.to(CHAT)}
    assert {old, *written} & during  # the walk sees what there is
    own.clock.now += KEY_ROTATION_SECONDS + LIFE_SECONDS + SWEEP_SECONDS
    converse(own)
    new, now = own.name(CHAT), held(own)
    assert new != old
    assert new in now
    numbers = own.channel._answers._numbers
    old_hours = [h for h in numbers._hours if h.hour <= ended_here // HOUR]
    kept_for_forget = {e for h in old_hours for e in (*h.entries, bytes(h.secret))}
    assert kept_for_forget
    both = (during - before) & now
    recorder = own.agent.tracker_store.event_broker
    counted = {person for _, _, person in recorder._counted}
    assert not {recorder.counting.person(old, p) for p in recorder.counting.periods()} & {
        recorder.counting.person(new, p) for p in recorder.counting.periods()
    }
    both = {each for each in both if not re.fullmatch(r"utter_\w+:\d+", str(each))}  # sentences
    assert both <= kept_for_forget | counted | {*own.channel._intake._answered}
    texts = [each for each in now if isinstance(each, str | bytes)]
    for what in (old, str(CHAT)):
        assert [t for t in texts if (what if isinstance(t, str) else what.encode()) in t] == []
    numbers_now = {each for each in now if _number(each)}
    assert not numbers_now & {CHAT, *written}
    for first, last in ((began, ended), (began_here + 1, ended_here)):
        times = [n for n in numbers_now if isinstance(n, float) and first <= n <= last]
        assert times == []


def rows() -> set[tuple[str, str, str, bytes]]:
    """Return what lies in the database of marks: period, facet, value and token."""
    with closing(sqlite3.connect(marks_file())) as database:
        return set(database.execute("select period, facet, value, contributor from marks"))


def marks_file() -> Path:
    """Return where the database of marks is."""
    return Path(settings().marks_url.removeprefix("sqlite:///"))


def telling_of(chat: int, name: str, numbers: set[int]) -> set[bytes]:
    """Return what would tell whose a file is, in text and in binary."""
    told = {name.encode(), bytes.fromhex(name), str(chat).encode()}
    return told | {n.to_bytes(6, end) for n in (chat, *numbers) for end in ("big", "little")}


def test_the_database_of_marks_links_nothing_either(own):
    """Who has copies of it from both conversations finds no token of the one in the other."""
    converse(own, CHAT + 1)
    held(own)
    before = rows()
    converse(own)
    held(own)
    old, counted = own.name(CHAT), rows() - before
    written = {m["id"] for m in own.telegram.to(CHAT)}
    own.clock.now += KEY_ROTATION_SECONDS + LIFE_SECONDS + SWEEP_SECONDS
    converse(own)
    held(own)
    added = rows() - before - counted
    same = {row[:3] for row in counted} & {row[:3] for row in added}
    assert same  # it was the same that they said
    tokens = [row[3] for row in (*counted, *added)]
    assert len(tokens) == len({*tokens})
    for name in (old, own.name(CHAT)):
        data = b"".join(p.read_bytes() for p in marks_file().parent.glob("marks*"))
        assert [each for each in telling_of(CHAT, name, written) if each in data] == []


def in_redis(client: Redis) -> set[Atom]:
    """Return what a Redis holds, taken apart."""
    found: list[object] = [key.decode() for key in client.scan_iter()]
    found += [json.loads(client.get(key)) for key in client.scan_iter()]
    return {
        each for each in telling(atoms(*found)) if not re.fullmatch(r"utter_\w+:\d+", str(each))
    }


def test_what_lies_in_a_redis_links_nothing_either(own, running_redis, monkeypatch):
    """Who has copies of it from both conversations; Redis itself deletes the old one by then."""
    store = RedisTrackerStore(
        running_redis.url, own.agent.domain, own.agent.tracker_store.event_broker
    )
    monkeypatch.setattr(own.agent, "tracker_store", store)
    monkeypatch.setattr(own.agent.processor, "tracker_store", store)
    with Redis.from_url(running_redis.url) as client:
        client.flushall()
        converse(own, CHAT + 1)
        somebody_elses = in_redis(client)
        client.flushall()
        converse(own)
        old, copied = own.name(CHAT), in_redis(client)
        assert f"{PREFIX}{old}" in copied
        (key,) = client.keys()
        assert 0 < client.ttl(key) <= LIFE_SECONDS
        client.flushall()  # as its time is not ours to put on
        own.clock.now += KEY_ROTATION_SECONDS + LIFE_SECONDS + SWEEP_SECONDS
        own.channel.sweep()
        converse(own)
        new, now = own.name(CHAT), in_redis(client)
        data = b"".join(key + client.dump(key) for key in client.scan_iter())
        client.flushall()
    assert f"{PREFIX}{new}" in now
    assert (copied & now) - somebody_elses == set()
    written = {m["id"] for m in own.telegram.to(CHAT)}
    assert [each for each in telling_of(CHAT, old, written) if each in data] == []


def test_what_is_kept_for_forget_has_nothing_in_common_with_what_is_not_its_own(own):
    """Of two copies of the numbers, an hour apart, no part of one person's is in both."""
    converse(own)
    first = telling(atoms(own.channel._answers._numbers))
    own.clock.now += HOUR
    converse(own)
    second = telling(atoms(own.channel._answers._numbers._hours[-1]))
    assert len(second) > 10
    assert not first & second


def test_what_remains_is_that_who_has_the_id_can_tell_in_which_hours(own):
    """As /forget does; the page about privacy says so."""
    converse(own)
    own.clock.now += KEY_ROTATION_SECONDS + LIFE_SECONDS
    held(own)
    hours = own.channel._answers._numbers._hours
    assert [hour.hour for hour in hours if hour.of(CHAT)] == [NOW // HOUR]
    assert not any(hour.of(CHAT + 2) for hour in hours)

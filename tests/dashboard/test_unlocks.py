"""Unlocked inboxes: tied to member, unit and session, and dropped without anybody asking."""

import threading
import time

from bot.dashboard.sessions import LONGEST_SECONDS, Sessions, token_hash
from bot.dashboard.staff import Staff
from bot.dashboard.tables import open_staff_database
from bot.dashboard.unlocks import IDLE_SECONDS, Unlocks
from tests.dashboard.conftest import Clock

PATIENCE = 20


class Keys:
    """Stands for a unit's keys."""


def unlocks(clock, running=lambda _: True, every=3_600.0):
    return Unlocks(running, clock, every)


def test_a_token_leads_to_keys_for_its_own_member_unit_and_session_only():
    held = unlocks(Clock())
    for other in (
        ("bob", "wales", "session"),
        ("ann", "scotland", "session"),
        ("ann", "wales", "another"),
        ("ann", "wales", ""),
    ):
        token = held.hold("ann", "wales", "session", keys := Keys())
        assert held.keys(token, "ann", "wales", "session") is keys
        assert held.keys("forged", "ann", "wales", "session") is None
        assert held.keys(token, *other) is None
        assert held.keys(token, "ann", "wales", "session") is None  # and it is locked after that
    assert len(held) == 0


def test_it_locks_when_idle_and_when_old():
    clock = Clock()
    held = unlocks(clock)
    token = held.hold("ann", "wales", "session", Keys())
    clock.now += IDLE_SECONDS - 1
    assert held.keys(token, "ann", "wales", "session")
    clock.now += IDLE_SECONDS
    assert held.keys(token, "ann", "wales", "session") is None
    token = held.hold("ann", "wales", "session", Keys())
    began = clock.now
    while clock.now + 600 < began + LONGEST_SECONDS:
        clock.now += 600
        assert held.keys(token, "ann", "wales", "session")
    clock.now += 600
    assert held.keys(token, "ann", "wales", "session") is None


def test_signing_out_locks_that_session_and_no_other():
    held = unlocks(Clock())
    mine = held.hold("ann", "wales", "one", Keys())
    other = held.hold("ann", "wales", "two", Keys())
    by_proxy = held.hold("jo", "wales", "", Keys())
    held.drop_session("one")
    assert held.keys(mine, "ann", "wales", "one") is None
    assert held.keys(other, "ann", "wales", "two")
    assert held.keys(by_proxy, "jo", "wales", "")


def test_keys_go_by_themselves_when_nobody_asks():
    """Also those of a session that was ended elsewhere, such as by closing the account."""
    ended = threading.Event()
    clock = Clock()
    held = unlocks(clock, lambda hashed: hashed != token_hash("ended") or not ended.is_set(), 0.01)
    held.hold("ann", "wales", "ended", Keys())
    held.hold("ann", "wales", "goes on", Keys())
    ended.set()
    give_up = time.monotonic() + PATIENCE
    while len(held) > 1 and time.monotonic() < give_up:
        time.sleep(0.01)
    assert len(held) == 1
    clock.now += IDLE_SECONDS
    while len(held) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert len(held) == 0


def test_idle_keys_go_also_when_the_database_of_sessions_is_gone():
    def gone(_: bytes) -> bool:
        raise OSError

    clock = Clock()
    held = unlocks(clock, gone, 0.01)
    held.hold("ann", "wales", "session", Keys())
    clock.now += IDLE_SECONDS
    give_up = time.monotonic() + PATIENCE
    while len(held) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert len(held) == 0


def test_whether_a_session_goes_on_is_asked_without_using_it(tmp_path):
    clock = Clock()
    engine = open_staff_database(f"sqlite:///{tmp_path / 'staff.db'}")
    Staff(engine, clock).add("ann", "Ann", "caseworker", None, "wales")
    sessions = Sessions(engine, clock)
    token = sessions.begin("ann")
    assert sessions.goes_on(token_hash(token))
    assert not sessions.goes_on(token_hash("forged"))
    for _ in range(4):
        clock.now += 600
        going = sessions.goes_on(token_hash(token))
    assert not going
    engine.dispose()

"""What lies in the database of referrals, what is left of what ended, and its migrations."""

import asyncio
import glob
import logging
import os
import re
import shutil
import subprocess
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from bot import database
from bot.database import open_database, upgrade
from bot.paths import ROOT
from bot.referrals.expiry import SweepSchedule, sweep, sweep_now
from bot.referrals.rewriting import compact
from bot.referrals.tables import MIGRATIONS, open_referrals, tables
from bot.referrals.weeks import LIFE_WEEKS, oldest_living, week_of, weeks_between
from tests.databases import absent, new_database
from tests.referrals import CHOSEN, DEANERY, PASSPHRASE, Both, cheap_database, make_unit

NOTE = "canary-note: the consultant on ward seven"
CONTACT = "canary-contact: someone@example.org"
ANSWER = "canary-answer: come on Tuesday"
REPLY = "canary-reply: I have no car"

PATIENCE = 30


@pytest.fixture
def both(referrals, loop) -> Both:
    return Both(referrals, loop)


def bytes_of(engine) -> dict[str, bytes]:
    """Return every file that the database keeps its tables in; for PostgreSQL also a dump."""
    if engine.dialect.name == "sqlite":
        folder = Path(engine.url.database).parent
        return {str(p): p.read_bytes() for p in folder.iterdir() if p.is_file()}
    alone = create_engine(engine.url, future=True, isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        folder = Path(connection.scalar(text("SHOW data_directory")))
        own = connection.scalar(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        )
        others = set(connection.scalars(text("SELECT oid FROM pg_database"))) - {own}
    alone.dispose()
    held = {"a dump": dump(engine.url)}
    for path in folder.rglob("*"):
        # its log holds what was written, sealed, until PostgreSQL uses the file again
        elsewhere = "pg_wal" in path.parts or path.parent.name in map(str, others)
        if path.is_file() and not elsewhere:
            held[str(path)] = path.read_bytes()
    return held


def dump(url) -> bytes:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_dump"))
    program = found[-1] if found else shutil.which("pg_dump")
    if not program:
        absent("pg_dump")
    address = make_url(url).render_as_string(hide_password=False)
    return subprocess.run([program, address], check=True, capture_output=True).stdout


def written_as(found: bytes) -> tuple[bytes, ...]:
    """Return how bytes stand in a file, and in a dump."""
    return (found, found.hex().encode())


def search(engine, *wanted: bytes) -> list[list[str]]:
    """Return for each of the wanted bytes the names of the files that hold them."""
    files = bytes_of(engine)
    return [
        [name for name, held in files.items() if any(form in held for form in written_as(one))]
        for one in wanted
    ]


def sealed_parts(engine) -> list[bytes]:
    """Return thirty bytes out of the middle of everything that is sealed in a ticket."""
    with engine.connect() as connection:
        rows = (
            connection.execute(text("SELECT lookup, sealed_private, public FROM tickets")).all()
            + connection.execute(text("SELECT sealed FROM ticket_messages")).all()
        )
    parts = [bytes(value) for row in rows for value in row]
    return [part[len(part) // 2 - 15 : len(part) // 2 + 15] for part in parts]


# ---------------------------------------------------------------- what lies there


def test_no_word_no_receipt_and_no_key_lies_in_the_database(both):
    receipt = both.send(NOTE, CONTACT)
    both.answer(ANSWER)
    both.reply(both.open(receipt), REPLY)
    opened = both.open(receipt)
    digits = receipt.replace(" ", "")
    secrets = {
        "note": b"consultant on ward",
        "contact": b"someone@example",
        "answer": b"come on Tuesday",
        "reply": b"I have no car",
        "choice": CHOSEN.topics[0].encode(),
        "receipt": digits.encode(),
        "receipt in groups": receipt.encode(),
        "receipt as a number": int(digits).to_bytes(8, "big"),
        "passphrase": PASSPHRASE.encode(),
        "unit's private key": bytes(both.unlocked.key(opened.key_id)),
        "ticket's private key": bytes(opened.private),
    }
    parts = sealed_parts(both.engine)
    found = search(both.engine, DEANERY.encode(), *parts, *secrets.values())
    there, found = found[: len(parts) + 1], found[len(parts) + 1 :]
    assert all(there), "the search finds what is there"
    assert dict(zip(secrets, found, strict=True)) == {name: [] for name in secrets}


def test_what_lies_there_is_the_week_the_state_and_sizes_and_nothing_finer(both):
    """Every column, so that a new one has to be thought about here and in docs/referrals.md."""
    assert {name: [c.name for c in table.c] for name, table in tables.tables.items()} == {
        "referral_salt": ["number", "salt", "passes", "memory"],
        "unit_keys": [
            "key_id",
            "deanery",
            "public",
            "sealed_private",
            "sealed_recovery",
            "state",
            "week",
        ],
        "tickets": [
            "id",
            "deanery",
            "key_id",
            "lookup",
            "public",
            "sealed_private",
            "state",
            "week",
            "last_used_week",
            "waiting_since",
            "size_class",
            "shown",
        ],
        "ticket_messages": [
            "ticket",
            "position",
            "direction",
            "seen",
            "week",
            "key_id",
            "sealed",
        ],
        "referral_guesses": ["week", "wrong", "refused"],
        "referral_rewriting": ["number"],
    }
    both.send(NOTE)
    with both.engine.connect() as connection:
        weeks = connection.execute(
            text("SELECT week, last_used_week, waiting_since FROM tickets")
        ).one()
        sealed = connection.execute(text("SELECT sealed FROM ticket_messages")).scalar()
    assert set(weeks) == {week_of(both.day())}
    assert all(re.fullmatch(r"\d{4}-W\d\d", week) for week in weeks)
    assert len(sealed) == 4096 + 48


def test_rows_keep_no_trace_of_their_order(both):
    for _ in range(6):
        both.send()
    compact(both.engine)
    with both.engine.connect() as connection:
        ids = connection.execute(text("SELECT id FROM tickets")).scalars().all()
        if both.engine.dialect.name == "postgresql":
            for table in ("tickets", "ticket_messages"):
                written = connection.execute(text(f"SELECT xmin::text FROM {table}")).scalars()
                assert len(set(written)) == 1
    assert ids == sorted(ids)
    assert len(ids) == 6


def test_the_file_is_its_owners_only_and_its_time_tells_nothing(tmp_path):
    path = tmp_path / "folder" / "referrals.db"
    open_referrals(f"sqlite:///{path}").dispose()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    os.utime(path, (1, 1))
    schedule = SweepSchedule(f"sqlite:///{path}", every=0.01)
    schedule.start()
    give_up = time.monotonic() + PATIENCE
    while path.stat().st_mtime < 2 and time.monotonic() < give_up:
        time.sleep(0.01)
    for _ in range(2):  # swept once today; from then on only touched
        os.utime(path, (1, 1))
        while path.stat().st_mtime < 2 and time.monotonic() < give_up:
            time.sleep(0.01)
        assert time.time() - path.stat().st_mtime < PATIENCE
    schedule.stop()


# ---------------------------------------------------------------- what is left of what ended


@pytest.mark.parametrize("way", ["ended by the trainee", "closed", "expired"])
def test_nothing_of_a_ticket_is_left_in_the_files_once_it_ended(both, way):
    receipt = both.send(NOTE, CONTACT, receipt=way != "closed")
    both.answer(ANSWER)
    if receipt:
        both.reply(both.open(receipt), REPLY)
    ticket = both.row().id
    parts = [*sealed_parts(both.engine), ticket.encode()]
    assert all(search(both.engine, *parts))
    kept = both.send("another ticket, which stays")
    if way == "ended by the trainee":
        both.run(both.desk.end(both.open(receipt)))
    elif way == "closed":
        both.inbox.close(both.unlocked, ticket)
    else:
        both.day.pass_weeks(5)
        assert both.open(kept) is not None
        both.day.pass_weeks(LIFE_WEEKS - 4)
        assert sweep(both.engine, both.day()).tickets == 1
    assert search(both.engine, *parts) == [[]] * len(parts)
    assert both.open(kept) is not None


@pytest.mark.parametrize("way", ["ended by the trainee", "closed"])
def test_a_ticket_that_ends_while_the_tables_are_held_is_gone_and_overwritten_soon(
    postgresql_server, loop, caplog, way
):
    """As during `pg_dump`, which lets rows be deleted and no table be written anew."""
    url = new_database(postgresql_server)
    make_unit(cheap_database(url))
    both = Both(open_referrals(url), loop)
    receipt = both.send(NOTE, CONTACT, receipt=way != "closed")
    parts = sealed_parts(both.engine)
    opened = both.open(receipt) if receipt else None
    with both.engine.connect() as reading, caplog.at_level(logging.ERROR):
        reading.execute(text("LOCK TABLE tickets, ticket_messages IN ACCESS SHARE MODE"))
        if opened:
            both.run(both.desk.end(opened))
        else:
            both.inbox.close(both.unlocked, both.row().id)
        assert "deleted tickets not overwritten yet" in caplog.text
        assert both.inbox.rows(DEANERY) == []
        assert all(search(both.engine, *parts)), "so there is something to do"
    schedule = SweepSchedule(url, both.day, every=0.01)
    schedule._swept = both.day()  # as when it was swept earlier in the day
    schedule.start()
    give_up = time.monotonic() + PATIENCE
    while any(search(both.engine, *parts)) and time.monotonic() < give_up:
        time.sleep(0.05)
    schedule.stop()
    assert search(both.engine, *parts) == [[]] * len(parts)
    both.engine.dispose()


def test_tables_that_are_held_are_waited_for_no_longer_than_rewriting_itself_allows(
    postgresql_server, loop, monkeypatch
):
    """Whoever wants to read a ticket waits behind it: not as long as the database allows."""
    monkeypatch.setattr(
        database, "IMPATIENT", ("SET statement_timeout = 0", "SET lock_timeout = 0")
    )
    url = new_database(postgresql_server)
    make_unit(cheap_database(url))
    both = Both(open_referrals(url), loop)
    opened = both.open(both.send())
    with both.engine.connect() as reading:
        reading.execute(text("LOCK TABLE tickets, ticket_messages IN ACCESS SHARE MODE"))
        both.run(asyncio.wait_for(both.desk.end(opened), PATIENCE))
        assert both.inbox.rows(DEANERY) == []
    both.engine.dispose()


def test_a_ticket_lives_twelve_whole_weeks_after_its_last_use_and_no_longer(both):
    receipt = both.send()
    for _ in range(3):
        both.day.pass_weeks(LIFE_WEEKS)
        assert sweep(both.engine, both.day()).tickets == 0
        assert both.open(receipt) is not None, "opening it is a use"
    both.day.pass_weeks(LIFE_WEEKS)
    both.answer("an answer is a use too")
    both.day.pass_weeks(LIFE_WEEKS)
    assert both.inbox.rows(DEANERY)
    both.read()
    both.day.pass_weeks(1)
    assert both.open(receipt) is None, "reading it is none"
    assert both.inbox.rows(DEANERY) == []
    assert sweep(both.engine, both.day()).tickets == 1


def test_a_life_is_never_shorter_than_12_weeks_and_never_longer_than_90_days():
    last_days = set()
    for used in (date(2026, 1, 1) + timedelta(days=n) for n in range(800)):
        days = 0
        while week_of(used) >= oldest_living(used + timedelta(days=days + 1)):
            days += 1
        last_days.add(days)
    assert (min(last_days), max(last_days)) == (7 * LIFE_WEEKS, 90) == (84, 90)


def test_what_people_are_told_of_the_end_is_how_it_is():
    """Each sentence that names a time names the twelve weeks, or 90 days as the most."""
    told = [
        response["text"]
        for path in (ROOT / "domain").glob("*.yml")
        for responses in (
            yaml.safe_load(path.read_text(encoding="utf-8")).get("responses") or {}
        ).values()
        for response in responses
        if re.search(r"\b90 days\b|\b12 weeks\b", response.get("text", ""))
    ]
    assert len(told) == 5
    for text_ in told:
        without = re.sub(
            rf"after {LIFE_WEEKS} weeks without use|90 days at the latest|at most 90 days"
            r"|90 days unused at most",
            "",
            text_,
        )
        assert without != text_
        assert not re.search(r"\b\d+ (days|weeks)\b", without), text_


def test_weeks_are_counted_over_the_turn_of_years():
    assert week_of(date(2027, 1, 1)) == "2026-W53"
    assert weeks_between("2026-W53", date(2027, 1, 4)) == 1
    assert weeks_between("2026-W48", date(2026, 11, 29)) == 0
    assert weeks_between("2026-W01", date(2027, 1, 4)) == 53


def test_counts_of_wrong_receipts_go_as_tickets_do(both):
    both.open("1111 1111 1111 1111")
    both.day.pass_weeks(LIFE_WEEKS + 1)
    sweep(both.engine, both.day())
    with both.engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM referral_guesses")).all() == []


def test_the_schedule_sweeps_each_day_and_goes_on_after_a_failure(referrals, loop, caplog):
    both = Both(referrals, loop)
    both.send()
    url = referrals.url.render_as_string(hide_password=False)
    days = iter([both.day(), both.day() + timedelta(weeks=14)])
    last = [None]

    def today() -> date:
        last[0] = next(days, last[0])
        return last[0]

    with referrals.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE referral_guesses RENAME TO hidden")
    schedule = SweepSchedule(url, today, every=0.01)
    with caplog.at_level(logging.ERROR):
        schedule.start()
        give_up = time.monotonic() + PATIENCE
        while not caplog.records and time.monotonic() < give_up:
            time.sleep(0.01)
    assert "referrals not swept" in caplog.text
    with referrals.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO referral_guesses")
    while time.monotonic() < give_up:
        with referrals.connect() as connection:
            if not connection.execute(text("SELECT id FROM tickets")).all():
                break
        time.sleep(0.05)
    schedule.stop()
    with referrals.connect() as connection:
        assert connection.execute(text("SELECT id FROM tickets")).all() == []


# ---------------------------------------------------------------- migrations


def test_the_tables_are_those_of_the_revisions(referrals):
    with referrals.connect() as connection:
        context = MigrationContext.configure(connection, {"compare_type": True})
        found = compare_metadata(context, tables)
    assert [d for d in found if "referrals_revision" not in str(d)] == []


def test_revisions_go_down_and_up_again(referrals_url):
    engine = open_database(referrals_url)
    upgrade(engine, MIGRATIONS)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    def move(direction, target) -> set[str]:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            direction(config, target)
        return set(inspect(engine).get_table_names()) - {"referrals_revision"}

    assert move(command.downgrade, "base") == set()
    assert move(command.upgrade, "head") == set(tables.tables)
    assert sweep(engine, date(2026, 11, 25)) == (0, 0)
    engine.dispose()


@pytest.mark.parametrize("down_to", ["0001", "0002"])
def test_tickets_outlive_going_down_and_up_again(both, down_to):
    receipt = both.send(NOTE, CONTACT)
    both.answer(ANSWER)
    both.reply(both.open(receipt), REPLY)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    for direction, target in ((command.downgrade, down_to), (command.upgrade, "head")):
        with both.engine.begin() as connection:
            config.attributes["connection"] = connection
            direction(config, target)
    ticket = both.read()
    assert (ticket.note, ticket.contact, ticket.answerable) == (NOTE, CONTACT, True)
    assert [message.text for message in ticket.messages] == [ANSWER, REPLY]
    assert [text for text, _ in both.answers(both.open(receipt))] == [ANSWER]
    both.run(both.desk.end(both.open(receipt)))
    assert both.inbox.rows(DEANERY) == []


def test_opening_twice_at_once_is_safe(referrals_url):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: sweep_now(referrals_url, date(2026, 11, 25)), range(6)))
    assert found == [(0, 0)] * 6

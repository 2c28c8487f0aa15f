"""The store of marks: the same on SQLite and PostgreSQL, without order, time or a way back."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, select, text

from bot.database import DatabaseError, open_database, upgrade
from bot.trends import marks as module
from bot.trends.marks import MIGRATIONS, Mark, Marks, tables
from tests.databases import files_holding, new_database

MAY, JUNE = "2026-05", "2026-06"


def mark(number: int, period: str = MAY, facet: str = "people", value: str = "any") -> Mark:
    return Mark(period, facet, value, number.to_bytes(16, "big"))


def stored(url: str) -> list[tuple]:
    engine = create_engine(url, future=True)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(select(module.marks))]
    engine.dispose()
    return [(p, f, v, bytes(c)) for p, f, v, c in rows]


def test_a_mark_counts_once_however_often_it_is_added(store):
    store.change([mark(1), mark(2)], [], MAY)
    store.change([mark(2), mark(3)], [], MAY)
    assert store.counts([MAY]) == {(MAY, "people", "any"): 3}


def test_periods_are_counted_apart(store):
    store.change([mark(1), mark(1, JUNE), mark(2, JUNE)], [], MAY)
    assert store.counts([MAY, JUNE]) == {(MAY, "people", "any"): 1, (JUNE, "people", "any"): 2}
    assert store.counts(["2026-07"]) == {}


def test_a_removed_mark_is_gone(store):
    store.change([mark(1), mark(2)], [], MAY)
    store.change([], [mark(1), mark(9)], MAY)
    assert store.counts([MAY]) == {(MAY, "people", "any"): 1}


def test_counting_begins_once(store):
    assert store.began() is None
    store.change([], [], MAY)
    store.change([mark(1, JUNE)], [], JUNE)
    assert store.began() == MAY


def test_a_frozen_period_is_empty_and_stays_so(store):
    store.change([mark(1), mark(2, JUNE)], [], MAY)
    store.freeze([MAY], MAY)
    store.change([mark(3), mark(4, JUNE)], [], JUNE)
    assert store.counts([MAY, JUNE]) == {(JUNE, "people", "any"): 2}
    assert store.frozen() == {MAY: MAY}
    store.freeze([MAY], "again")
    assert store.frozen() == {MAY: MAY}


def test_nothing_of_a_frozen_mark_is_left_in_the_file(tmp_path):
    path = tmp_path / "marks.db"
    store = Marks.open(f"sqlite:///{path}")
    tokens = [os.urandom(16) for _ in range(2_000)]
    store.change([Mark(MAY, "concern", "money", token) for token in tokens], [], MAY)
    before = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert all(token in before for token in tokens)
    store.freeze([MAY], MAY)
    left = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert not any(token in left for token in tokens)
    assert b"money" not in left


def test_nothing_of_a_frozen_mark_is_left_in_postgresql(postgresql_server):
    url = new_database(postgresql_server)
    store = Marks.open(url)
    tokens = [os.urandom(16) for _ in range(500)]
    store.change([Mark(MAY, "concern", "money", token) for token in tokens], [], MAY)
    assert files_holding(url, tokens[:50])
    store.freeze([MAY], MAY)
    assert files_holding(url, tokens[:50]) == []
    store.close()


def test_rows_keep_no_trace_of_when_or_after_what_they_came(store, url):
    """Rows that came one by one lie in the order of their random tokens, as if all at once."""
    numbers = [7, 3, 9, 1, 5]
    for number in numbers:
        store.change([mark(number)], [], MAY)
    store.change([], [mark(3)], MAY)
    numbers.remove(3)
    assert [int.from_bytes(row[3], "big") for row in stored(url)] == sorted(numbers)
    engine = create_engine(url, future=True)
    with engine.connect() as connection:
        if url.startswith("postgresql"):
            assert len(set(connection.scalars(text("SELECT xmin::text FROM marks")))) == 1
            assert (
                connection.scalar(
                    text("SELECT relpersistence::text FROM pg_class WHERE relname = 'marks'")
                )
                == "u"
            )
        else:
            with pytest.raises(Exception, match="no such column: rowid"):
                connection.execute(text("SELECT rowid FROM marks"))
    engine.dispose()


def test_nothing_of_a_mark_taken_back_is_left_in_postgresql(postgresql_server):
    url = new_database(postgresql_server)
    store = Marks.open(url)
    taken_back = [Mark(MAY, "concern", "money", os.urandom(16)) for _ in range(50)]
    store.change([*taken_back, mark(1)], [], MAY)
    assert files_holding(url, [each.contributor for each in taken_back])
    store.change([], taken_back, MAY)
    assert files_holding(url, [each.contributor for each in taken_back]) == []
    store.close()


def test_many_may_write_at_once_without_waiting_for_each_other_for_ever(url):
    """Whoever changed rows before it took the table for itself would meet another who did too."""

    def write(worker: int) -> None:
        store = Marks.open(url)
        for number in range(8):
            store.change([mark(100 * worker + number)], [], MAY)
        store.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(write, range(4)))
    store = Marks.open(url)
    assert store.counts([MAY]) == {(MAY, "people", "any"): 32}
    store.close()


def test_the_table_has_no_column_for_a_time_or_an_order():
    assert [column.name for column in module.marks.c] == [
        "period",
        "facet",
        "value",
        "contributor",
    ]


def test_the_file_is_its_owners_only_and_its_time_tells_nothing(tmp_path):
    path = tmp_path / "folder" / "marks.db"
    store = Marks.open(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    store.change([mark(1)], [], MAY)
    os.utime(path, (1, 1))
    store.change([], [], MAY)
    assert time.time() - path.stat().st_mtime < 60


def test_the_tables_are_those_of_the_revisions(url):
    engine = open_database(url)
    upgrade(engine, MIGRATIONS)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, {"compare_type": True})
        found = compare_metadata(context, tables)
    engine.dispose()
    mine = [d for d in found if "marks_revision" not in str(d)]
    assert mine == []


def test_revisions_go_down_and_up_again(url):
    from alembic import command
    from alembic.config import Config

    engine = open_database(url)
    upgrade(engine, MIGRATIONS)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    for direction, target in ((command.downgrade, "base"), (command.upgrade, "head")):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            direction(config, target)
    Marks(engine).change([mark(1)], [], MAY)
    assert Marks(engine).counts([MAY])
    engine.dispose()


def test_opening_twice_at_once_is_safe(url):
    with ThreadPoolExecutor(6) as pool:
        for opened in pool.map(lambda _: Marks.open(url), range(6)):
            opened.close()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("mysql://user:hidden@host/db", "must be one of sqlite, postgresql"),
        ("not a url", "cannot be read"),
        ("postgresql://user:hidden@127.0.0.1:1/db", "check that it runs"),
    ],
)
def test_a_wrong_address_is_told_in_one_line_without_its_password(wrong, words):
    with pytest.raises(DatabaseError) as error:
        Marks.open(wrong)
    assert words in str(error.value)
    assert "hidden" not in str(error.value)
    assert not re.search(r"\n", str(error.value))

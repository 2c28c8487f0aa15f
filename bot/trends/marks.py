"""The marks: who was counted as what in which month, without knowing who or when.

A mark is a period, a facet, a value and a contributor token. The tokens of one person differ
between facets and values, so rows cannot be joined; rows have no order and no time. Once a
period is frozen into a release its marks are deleted and none can be added.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from bot.database import UNHURRIED, open_database, upgrade

MIGRATIONS = Path(__file__).parent / "migrations"

tables = MetaData()

marks = Table(
    "marks",
    tables,
    Column("period", String(7), primary_key=True),
    Column("facet", String(32), primary_key=True),
    Column("value", String(64), primary_key=True),
    Column("contributor", LargeBinary(16), primary_key=True),
    sqlite_with_rowid=False,  # rows lie in the order of their key: no trace of when they came
)
"""Sorted by a random token; unlogged in PostgreSQL, so in no log, replica or backup."""

frozen = Table(
    "frozen",
    tables,
    Column("period", String(7), primary_key=True),
    Column("release", String(32), nullable=False),
    sqlite_with_rowid=False,
)
"""Periods whose marks are gone, and the release that they went into."""

origin = Table(
    "origin",
    tables,
    Column("month", String(7), primary_key=True),
    sqlite_with_rowid=False,
)
"""The month in which counting began: one row."""


LOCK = "LOCK TABLE marks IN ACCESS EXCLUSIVE MODE"
"""Taken before anything is changed: two who hold less and want this would wait for each other."""

WRITING = "SET LOCAL statement_timeout = '60s'"
"""How long one statement of a writing may take, which holds the table from all others."""

REWRITE = (
    "CREATE TEMPORARY TABLE marks_in_order ON COMMIT DROP AS SELECT * FROM marks",
    "TRUNCATE marks",
    "INSERT INTO marks SELECT * FROM marks_in_order ORDER BY period, facet, value, contributor",
)
"""What writes the table anew, under `LOCK`; unlogged and temporary tables are in no log."""


class Mark(NamedTuple):
    """One row of `marks`."""

    period: str
    facet: str
    value: str
    contributor: bytes


class Marks:
    """The store. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Use `engine`, whose tables are up to date."""
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Marks:
        """Open the database at `url` and bring its tables up to date.

        Raises:
            DatabaseError: if it cannot be used.
        """
        engine = open_database(url)
        upgrade(engine, MIGRATIONS)
        return cls(engine)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def change(self, added: Collection[Mark], removed: Collection[Mark], month: str) -> None:
        """Remove marks, then add marks that are new and whose period is not frozen.

        `month` is the current one: where nothing was ever counted, counting begins in it.
        In PostgreSQL the table is written anew each time, whether anything changed or not.
        """
        with self._engine.begin() as connection:
            if self._postgresql:
                for statement in (WRITING, "LOCK TABLE frozen IN SHARE MODE", LOCK):
                    connection.execute(text(statement))
            self._begin_in(connection, month)
            for mark in sorted(removed):
                same = (column == part for column, part in zip(marks.c, mark, strict=True))
                connection.execute(delete(marks).where(and_(*same)))
            if added:
                rows = [mark._asdict() for mark in sorted(added)]
                connection.execute(self._new(marks).on_conflict_do_nothing(), rows)
            late = marks.c.period.in_(select(frozen.c.period))
            connection.execute(delete(marks).where(late))
            self._rewrite(connection)
        if not self._postgresql and self._engine.url.database:
            os.utime(self._engine.url.database)  # the file's time does not tell whether any came

    def began(self) -> str | None:
        """Return the month in which counting began."""
        with self._engine.connect() as connection:
            return connection.scalar(select(origin.c.month))

    def counts(self, periods: Iterable[str]) -> dict[tuple[str, str, str], int]:
        """Return (period, facet, value) -> contributors."""
        columns = (marks.c.period, marks.c.facet, marks.c.value)
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(*columns, func.count())
                .where(marks.c.period.in_(list(periods)))
                .group_by(*columns)
            )
            return {(period, facet, value): n for period, facet, value, n in rows}

    def frozen(self) -> dict[str, str]:
        """Return period -> the release that its marks went into."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(frozen)).all()
            return {str(period): str(release) for period, release in rows}

    def freeze(self, periods: Collection[str], release: str) -> None:
        """Delete the marks of `periods` for good; none can be added to them from now on.

        Nothing of the deleted rows is left in the database's files. In PostgreSQL that is part of
        the transaction; SQLite overwrites them, and writes its file anew afterwards.
        """
        with self._engine.begin() as connection:
            if self._postgresql:
                for statement in (UNHURRIED, "LOCK TABLE frozen IN SHARE ROW EXCLUSIVE MODE", LOCK):
                    connection.execute(text(statement))
            rows = [{"period": period, "release": release} for period in sorted(periods)]
            connection.execute(self._new(frozen).on_conflict_do_nothing(), rows)
            connection.execute(delete(marks).where(marks.c.period.in_(list(periods))))
            self._rewrite(connection)
        if not self._postgresql:
            self.compact()

    def compact(self) -> None:
        """Write the table anew, so that its files hold nothing but its rows in their order."""
        if not self._postgresql:
            with self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM"))
            return
        with self._engine.begin() as connection:
            for statement in (UNHURRIED, LOCK):
                connection.execute(text(statement))
            self._rewrite(connection)

    def _rewrite(self, connection: Connection) -> None:
        """Let PostgreSQL's table be as if it had been filled at once, by this transaction.

        Each row carries the number of the transaction that wrote it and lies where there was room,
        so that rows of one writing, which may be one conversation's, could be told.
        """
        if self._postgresql:
            for statement in REWRITE:
                connection.execute(text(statement))

    @property
    def _postgresql(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    def _begin_in(self, connection: Connection, month: str) -> None:
        if connection.scalar(select(func.count()).select_from(origin)) == 0:
            connection.execute(self._new(origin).on_conflict_do_nothing(), [{"month": month}])

    def _new(self, table: Table) -> Any:
        dialect = postgresql if self._postgresql else sqlite
        return dialect.insert(table)

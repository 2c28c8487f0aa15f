"""The database of referrals: sealed tickets and units' keys. No time finer than a week."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    select,
    text,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.database import open_database, upgrade
from bot.referrals.errors import DeskUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"

STATES = ("new", "in_hand", "answered", "closed")
"""What the unit has done with a ticket; a reply makes it new again."""

KEY_STATES = ("active", "old", "lost")
"""One active key a unit seals to; old ones still open; a lost one opens nothing any more."""

tables = MetaData()

referral_salt = Table(
    "referral_salt",
    tables,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary(16), nullable=False),
    Column("passes", Integer, nullable=False),
    Column("memory", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""One row: the salt of all receipts of this deployment, and what deriving one takes."""

unit_keys = Table(
    "unit_keys",
    tables,
    Column("key_id", String(16), primary_key=True),
    Column("deanery", String(64), nullable=False, index=True),
    Column("public", LargeBinary(32), nullable=False),
    Column("sealed_private", LargeBinary, nullable=False),
    Column("sealed_recovery", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),
    Column("week", String(8), nullable=False),
    Index(
        "ix_unit_keys_active",
        "deanery",
        unique=True,
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
    sqlite_with_rowid=False,
)

tickets = Table(
    "tickets",
    tables,
    Column("id", String(32), primary_key=True),
    Column("deanery", String(64), nullable=False, index=True),
    Column("key_id", String(16), ForeignKey("unit_keys.key_id"), nullable=False, index=True),
    Column("lookup", LargeBinary(32), nullable=False, unique=True),
    Column("public", LargeBinary(32), nullable=False),
    Column("sealed_private", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),
    Column("week", String(8), nullable=False),
    Column("last_used_week", String(8), nullable=False, index=True),
    Column("waiting_since", String(8)),
    Column("size_class", Integer, nullable=False),
    Column("shown", Boolean, nullable=False, server_default=true()),
    sqlite_with_rowid=False,
)
"""Rows lie in the order of their random id. Those without a receipt look like those with one.

`shown` is false until the sender is told that it went, with the receipt if there is one.
"""

ticket_messages = Table(
    "ticket_messages",
    tables,
    Column("ticket", String(32), ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("direction", String(3), nullable=False),
    Column("seen", Boolean, nullable=False),
    Column("week", String(8), nullable=False),
    Column("key_id", String(16), ForeignKey("unit_keys.key_id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_ticket_messages_seen", "direction", "seen", "ticket"),
    sqlite_with_rowid=False,
)
"""Position 0 is the ticket itself; "in" is to the unit, "out" is its answer."""

guesses = Table(
    "referral_guesses",
    tables,
    Column("week", String(8), primary_key=True),
    Column("wrong", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How many receipts were wrong, and how many were not tried, in a week; nobody's in particular."""

rewriting_due = Table(
    "referral_rewriting",
    tables,
    Column("number", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""One row while files of PostgreSQL may still hold something of a ticket that was deleted."""


def open_referrals(url: str) -> Engine:
    """Open the database at `url` and bring its tables up to date.

    Raises:
        DatabaseError: if it cannot be used.
    """
    engine = open_database(url)
    upgrade(engine, MIGRATIONS)
    return engine


def insert_new(connection: Connection, table: Table) -> Any:
    """Return an INSERT of the connection's dialect, which knows ON CONFLICT."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction; what the database does not let be done is told as unavailable.

    Raises:
        DeskUnavailable: if the database cannot be reached or is broken.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise unavailable(error) from None


def unavailable(error: Exception) -> DeskUnavailable:
    """Return the error that stands for one of the database; without its values."""
    return DeskUnavailable(f"the database of referrals cannot be used ({type(error).__name__})")


def active_keys(connection: Connection) -> dict[str, tuple[str, bytes]]:
    """Return deanery -> id and public half of the key that it seals to."""
    rows = connection.execute(
        select(unit_keys.c.deanery, unit_keys.c.key_id, unit_keys.c.public).where(
            unit_keys.c.state == "active"
        )
    )
    return {row.deanery: (row.key_id, bytes(row.public)) for row in rows}

"""The dashboard's own database: accounts, sessions, sign-offs, and who looked at what.

It holds nothing about trainees, and is another database than that of the marks.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.engine import Engine

from bot.database import open_database, upgrade

MIGRATIONS = Path(__file__).parent / "migrations"

tables = MetaData()

staff = Table(
    "staff",
    tables,
    Column("name", String(64), primary_key=True),
    Column("full_name", String(120), nullable=False),
    Column("role", String(16), nullable=False),
    Column("deanery", String(64), nullable=False, default="", server_default=""),
    Column("password", String(255)),
    Column("totp_secret", String(64)),
    Column("totp_used", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", Integer, nullable=False, default=0),
    Column("active", Boolean, nullable=False, default=True),
)

sessions = Table(
    "sessions",
    tables,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("staff", String(64), ForeignKey("staff.name", ondelete="CASCADE"), nullable=False),
    Column("began", Integer, nullable=False),
    Column("used", Integer, nullable=False),
)

audit = Table(
    "audit",
    tables,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", Integer, nullable=False, index=True),
    Column("who", String(64), nullable=False),
    Column("what", String(200), nullable=False),
    Column("outcome", String(32), nullable=False),
)

sign_offs = Table(
    "sign_offs",
    tables,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("sentence", String(160), nullable=False, index=True),
    Column("text_hash", String(64), nullable=False),
    Column("name", String(120), nullable=False),
    Column("role", String(120), nullable=False),
    Column("day", String(10), nullable=False),
    Column("account", String(64), nullable=False),
)


def open_staff_database(url: str) -> Engine:
    """Open the database at `url` and bring its tables up to date.

    Raises:
        DatabaseError: if it cannot be used.
    """
    engine = open_database(url)
    upgrade(engine, MIGRATIONS)
    return engine

"""Databases: opening one by URL, and bringing its tables up to date."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

DIALECTS = ("sqlite", "postgresql")

_ONE_UPGRADE = threading.Lock()
"""Alembic keeps what it works on in module variables: two threads would take each other's."""

BUSY_SECONDS = 10
"""Seconds to wait for another process that writes to the same SQLite file, or for a server."""

PATIENCE = {
    "connect_timeout": BUSY_SECONDS,
    "tcp_user_timeout": 1_000 * BUSY_SECONDS,
    "keepalives_idle": BUSY_SECONDS,
    "keepalives_interval": 1,
    "keepalives_count": 5,
}
"""Seconds, the second milliseconds: how long a PostgreSQL may take to let us in, and its machine to
say that it is still there."""

IMPATIENT = (f"SET statement_timeout = '{BUSY_SECONDS}s'", f"SET lock_timeout = '{BUSY_SECONDS}s'")
"""How long it may take for one statement, and to get at a table that somebody has locked."""

UNHURRIED = "SET LOCAL statement_timeout = 0"
"""Lets the statements of a job's transaction take as long as they need."""

UNLOCKED = "SET LOCAL lock_timeout = 0"
"""Lets them wait for a lock as long as they have to."""

ALONE = {
    "sqlite": ("BEGIN IMMEDIATE",),
    "postgresql": (UNHURRIED, UNLOCKED, "SELECT pg_advisory_xact_lock(7310)"),
}
"""What keeps two processes from changing tables at the same time."""


class DatabaseError(RuntimeError):
    """A database cannot be used; the message says which and why, without its password."""


def open_database(url: str) -> Engine:
    """Return an engine for `url`; a SQLite file's folder is made, readable for its owner only.

    What is deleted from SQLite is overwritten, and nothing is written to temporary files.

    Raises:
        DatabaseError: if the URL is not one of `DIALECTS`.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError(
            "the database's URL cannot be read; write it as in docs/trends.md"
        ) from None
    if parsed.get_backend_name() not in DIALECTS:
        raise DatabaseError(
            f"the database is {parsed.get_backend_name()}; it must be one of {', '.join(DIALECTS)}"
        )
    if parsed.get_backend_name() == "postgresql":
        engine = create_engine(parsed, future=True, pool_pre_ping=True, connect_args=PATIENCE)
        event.listen(engine, "connect", _impatient_postgresql)
        return engine
    path = Path(parsed.database or "")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        path.touch(mode=0o600)
    engine = create_engine(parsed, future=True, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _careful_sqlite)
    return engine


def upgrade(engine: Engine, migrations: Path) -> None:
    """Bring the tables up to date with the revisions in `migrations`.

    Raises:
        DatabaseError: if the database cannot be reached or changed, or is of a newer version.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    try:
        with _ONE_UPGRADE, engine.begin() as connection:
            for statement in ALONE[engine.dialect.name]:
                connection.exec_driver_sql(statement)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"the database {engine.url!r} cannot be used ({type(error).__name__});"
            " check that it runs and that its address is right"
        ) from None
    except CommandError:
        raise DatabaseError(
            f"the database {engine.url!r} was changed by a newer version of this program;"
            " use that version, or restore a backup from before it"
        ) from None


def _careful_sqlite(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("secure_delete=ON", "temp_store=MEMORY", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _impatient_postgresql(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for statement in IMPATIENT:
        cursor.execute(statement)
    cursor.close()
    # Or the first rollback would undo it.
    connection.commit()  # type: ignore[attr-defined]

"""Writing the tickets' tables anew, so that their files hold nothing of what was deleted."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.database import UNHURRIED
from bot.referrals.tables import transaction, unavailable

REWRITE = (
    UNHURRIED,
    "LOCK TABLE tickets, ticket_messages IN ACCESS EXCLUSIVE MODE",
    "CREATE TEMPORARY TABLE tickets_kept ON COMMIT DROP AS SELECT * FROM tickets",
    "CREATE TEMPORARY TABLE messages_kept ON COMMIT DROP AS SELECT * FROM ticket_messages",
    "TRUNCATE tickets, ticket_messages",
    "INSERT INTO tickets SELECT * FROM tickets_kept ORDER BY id",
    "INSERT INTO ticket_messages SELECT * FROM messages_kept ORDER BY ticket, position",
)
"""How PostgreSQL writes the tables anew, in new files and as if they had been filled at once."""


def overwrite(engine: Engine) -> None:
    """Leave nothing of deleted tickets in the tables' files.

    SQLite overwrites what it deletes; in PostgreSQL the tables have to be written anew.

    Raises:
        DeskUnavailable: if the database cannot be reached.
    """
    if engine.dialect.name == "postgresql":
        compact(engine)


def compact(engine: Engine) -> None:
    """Write the tables anew, in the order of their random ids and without what was deleted.

    SQLite overwrites what it deletes; this takes away what its pages tell of the order. In
    PostgreSQL deleted rows stay in the files, and rows carry the number of the transaction that
    wrote them: this takes both away.

    Raises:
        DeskUnavailable: if the database cannot be reached.
    """
    if engine.dialect.name == "postgresql":
        with transaction(engine) as connection:
            for statement in REWRITE:
                connection.execute(text(statement))
        return
    try:
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM"))
    except SQLAlchemyError as error:
        raise unavailable(error) from None

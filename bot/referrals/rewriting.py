"""Writing the tickets' tables anew, so that their files hold nothing of what was deleted."""

from __future__ import annotations

import logging

from sqlalchemy import select, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.database import UNHURRIED
from bot.referrals.errors import DeskUnavailable
from bot.referrals.tables import insert_new, rewriting_due, transaction, unavailable

logger = logging.getLogger(__name__)

REWRITE = (
    UNHURRIED,
    "SET LOCAL lock_timeout = '1s'",  # whoever comes meanwhile waits behind this
    "LOCK TABLE tickets, ticket_messages IN ACCESS EXCLUSIVE MODE",
    "CREATE TEMPORARY TABLE tickets_kept ON COMMIT DROP AS SELECT * FROM tickets",
    "CREATE TEMPORARY TABLE messages_kept ON COMMIT DROP AS SELECT * FROM ticket_messages",
    "TRUNCATE tickets, ticket_messages",
    "INSERT INTO tickets SELECT * FROM tickets_kept ORDER BY id",
    "INSERT INTO ticket_messages SELECT * FROM messages_kept ORDER BY ticket, position",
    "DELETE FROM referral_rewriting",
)
"""How PostgreSQL writes the tables anew, in new files and as if they had been filled at once."""


def note_deleted(connection: Connection) -> None:
    """Note, in the transaction that deletes a ticket and after that, that its bytes lie there yet.

    SQLite overwrites what it deletes; in PostgreSQL the tables have to be written anew.
    """
    if connection.dialect.name == "postgresql":
        noted = insert_new(connection, rewriting_due).on_conflict_do_nothing()
        connection.execute(noted, [{"number": 1}])


def overwrite(engine: Engine) -> None:
    """Leave nothing of deleted tickets in the tables' files: now or, if that fails, soon.

    Nothing is raised: a ticket that was deleted is gone, whoever keeps its tables from being
    written anew. What was noted stays noted, and the sweep tries again.
    """
    try:
        overwrite_due(engine)
    except DeskUnavailable:
        logger.error("deleted tickets not overwritten yet: error=%s", DeskUnavailable.__name__)


def overwrite_due(engine: Engine) -> None:
    """Write the tables anew if that is due since a ticket was deleted.

    Raises:
        DeskUnavailable: if the database cannot be reached, or somebody holds on to the tables, as
            `pg_dump` does while it reads them.
    """
    if engine.dialect.name != "postgresql":
        return
    with transaction(engine) as connection:
        due = connection.execute(select(rewriting_due)).first()
    if due is not None:
        compact(engine)


def compact(engine: Engine) -> None:
    """Write the tables anew, in the order of their random ids and without what was deleted.

    SQLite overwrites what it deletes; this takes away what its pages tell of the order. In
    PostgreSQL deleted rows stay in the files, and rows carry the number of the transaction that
    wrote them: this takes both away.

    Raises:
        DeskUnavailable: if the database cannot be reached, or somebody holds on to the tables.
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

"""The end of tickets: by the clock, once a day, leaving nothing of them in the tables' files."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import NamedTuple

from sqlalchemy import delete, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.referrals.keys import drop_unneeded
from bot.referrals.tables import (
    guesses,
    open_referrals,
    tickets,
    transaction,
    unavailable,
)
from bot.referrals.weeks import oldest_living
from bot.repeating import Repeating

logger = logging.getLogger(__name__)

EVERY_SECONDS = 15 * 60
"""How often the database file is touched, so that its time does not tell of a ticket."""

REWRITE = (
    "LOCK TABLE tickets, ticket_messages IN ACCESS EXCLUSIVE MODE",
    "CREATE TEMPORARY TABLE tickets_kept ON COMMIT DROP AS SELECT * FROM tickets",
    "CREATE TEMPORARY TABLE messages_kept ON COMMIT DROP AS SELECT * FROM ticket_messages",
    "TRUNCATE tickets, ticket_messages",
    "INSERT INTO tickets SELECT * FROM tickets_kept ORDER BY id",
    "INSERT INTO ticket_messages SELECT * FROM messages_kept ORDER BY ticket, position",
)
"""How PostgreSQL writes the tables anew, in new files and as if they had been filled at once."""


class Swept(NamedTuple):
    """How many tickets ended, and how many keys no ticket needs any more."""

    tickets: int
    keys: int


def sweep(engine: Engine, today: date) -> Swept:
    """Delete the tickets that have ended and the keys that nothing needs; write the rest anew.

    Raises:
        DeskUnavailable: if the database cannot be reached.
    """
    oldest = oldest_living(today)
    with transaction(engine) as connection:
        ended = connection.execute(delete(tickets).where(tickets.c.last_used_week < oldest))
        keys = drop_unneeded(connection)
        connection.execute(delete(guesses).where(guesses.c.week < oldest))
    compact(engine)
    return Swept(int(ended.rowcount), keys)


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


def sweep_now(url: str, today: date) -> Swept:
    """Open the database at `url` and sweep it.

    Raises:
        DatabaseError: if it cannot be opened.
        DeskUnavailable: if it cannot be reached.
    """
    engine = open_referrals(url)
    try:
        return sweep(engine, today)
    finally:
        engine.dispose()


class SweepSchedule(Repeating):
    """A thread that sweeps once a day, and touches the file every `EVERY_SECONDS`."""

    def __init__(
        self, url: str, today: Callable[[], date] = date.today, every: float = EVERY_SECONDS
    ) -> None:
        """Take the database's URL."""
        super().__init__("referrals-sweep", self._sweep_or_touch, every)
        self._url = url
        self._file = make_url(url).database if url.startswith("sqlite") else None
        self._today = today
        self._swept: date | None = None

    def _sweep_or_touch(self) -> None:
        today = self._today()
        if self._swept != today:
            try:
                sweep_now(self._url, today)
                self._swept = today
            except Exception as error:  # the assistant goes on, and tries again
                logger.error("referrals not swept: error=%s", type(error).__name__)
        if self._file:
            with suppress(OSError):
                os.utime(self._file)

"""The end of tickets: by the clock, once a day, leaving nothing of them in the tables' files."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import NamedTuple

from sqlalchemy import delete
from sqlalchemy.engine import Engine, make_url

from bot.database import open_database
from bot.referrals.keys import drop_unneeded
from bot.referrals.rewriting import compact, overwrite_due
from bot.referrals.tables import (
    guesses,
    open_referrals,
    tickets,
    transaction,
)
from bot.referrals.weeks import oldest_living
from bot.repeating import Repeating

logger = logging.getLogger(__name__)

EVERY_SECONDS = 15 * 60
"""How often the database file is touched, so that its time does not tell of a ticket, and what
could not be overwritten when a ticket was deleted is tried again."""


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


def overwrite_now(url: str) -> None:
    """Open the database at `url`, whose tables are up to date, and overwrite what is due.

    Raises:
        DeskUnavailable: if it cannot be reached, or somebody holds on to the tables.
    """
    engine = open_database(url)
    try:
        overwrite_due(engine)
    finally:
        engine.dispose()


class SweepSchedule(Repeating):
    """A thread that sweeps once a day; every `EVERY_SECONDS` it overwrites what is due.

    It also touches the file then.
    """

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
        try:
            if self._swept != today:
                sweep_now(self._url, today)
                self._swept = today
            else:
                overwrite_now(self._url)
        except Exception as error:  # the assistant goes on, and tries again
            logger.error("referrals not swept: error=%s", type(error).__name__)
        if self._file:
            with suppress(OSError):
                os.utime(self._file)

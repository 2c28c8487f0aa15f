"""The database of referrals, as the dashboard reaches it: opened when it is needed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import date

from sqlalchemy.engine import Engine

from bot.database import DatabaseError
from bot.referrals.desk import Desk
from bot.referrals.errors import DeskUnavailable, TooManyGuesses
from bot.referrals.inbox import Inbox
from bot.referrals.keys import Keys, UnitKey
from bot.referrals.tables import open_referrals

PAUSE_SECONDS = 5
"""A database that did not answer is left alone so long: a server that hangs would else hold up
everybody, one after the other."""


class Referrals:
    """Leads to the unit's inbox; the dashboard starts and runs without the database."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        """Open nothing yet; `clock` gives seconds since 1970."""
        self._url = url
        self._clock = clock
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._desk = Desk(self._open, today=self.today)

    def today(self) -> date:
        """Return the day by the clock."""
        return date.fromtimestamp(self._clock())

    def inbox(self) -> Inbox:
        """Return the inbox of all units.

        Raises:
            DeskUnavailable: if the database cannot be reached.
        """
        return Inbox(self._reachable(), today=self.today)

    def keys(self, deanery: str) -> list[UnitKey]:
        """Return a unit's keys, the active one first.

        Raises:
            DeskUnavailable: if the database cannot be reached.
        """
        return [key for key in Keys(self._reachable()).all() if key.deanery == deanery]

    def with_receipt(self, receipt: str, deanery: str, account: str) -> str | None:
        """Return the id of the unit's ticket that a receipt opens; None for any other receipt.

        Raises:
            DeskUnavailable: if the database cannot be reached.
            TooManyGuesses: if no receipt is tried now.
        """
        try:
            opened = asyncio.run(self._desk.open(receipt, account))
        except TooManyGuesses:
            self._desk.sweep()  # no clock does it here
            raise
        return opened.ticket if opened is not None and opened.deanery == deanery else None

    def _reachable(self) -> Engine:
        try:
            return self._open()
        except (DatabaseError, OSError) as error:
            raise DeskUnavailable(type(error).__name__) from None

    def _open(self) -> Engine:
        with self._lock:
            if self._engine is None:
                if time.monotonic() < self._not_before:
                    raise DatabaseError("the database of referrals did not answer a moment ago")
                try:
                    self._engine = open_referrals(self._url)
                except (DatabaseError, OSError):
                    self._not_before = time.monotonic() + PAUSE_SECONDS
                    raise
            return self._engine

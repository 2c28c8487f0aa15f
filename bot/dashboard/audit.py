"""The audit log: which member of staff did what, and when. No address, no browser, no search.

Also whom single sign-on named who has no account, that somebody tried without a known name or the
proxy's secret, and what was done to accounts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Engine

from bot.dashboard.tables import audit

COMMAND_LINE = "command line"
"""Who changed an account or a unit's key; no account has such a name."""

UNKNOWN = "(unknown)"
"""Who tried to sign in by a name without an account, or to name somebody without the proxy's
secret; no account has such a name, and what they gave is not kept: it may be a password."""

UNKNOWN_SECONDS = 60
"""One entry of each kind stands for all tries of so many seconds, so that nobody fills the log."""

KEPT_SECONDS = 2 * 365 * 24 * 60 * 60
"""An entry is deleted two years later."""

SHOWN = 200
"""Entries on one page."""


NAMED = 6
"""Digits of a ticket's random id by which pages and the log name it; the rest is in neither."""

TICKET = re.compile(rf"(/inbox/[0-9a-f]{{{NAMED}}})[0-9a-f]{{{32 - NAMED}}}\b")


@dataclass(frozen=True)
class Entry:
    """One entry."""

    number: int
    at: str
    who: str
    what: str
    outcome: str


class Audit:
    """The log. Entries can be added and read; they go when they are `KEPT_SECONDS` old."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        """Use the dashboard's database; `clock` gives seconds since 1970."""
        self._engine = engine
        self._clock = clock
        self._unknown: dict[str, float] = {}

    def note(self, who: str, what: str, outcome: str) -> None:
        """Add an entry. A ticket is named by `NAMED` digits only, as its entries outlive it."""
        now = int(self._clock())
        row = {
            "at": now,
            "who": _plain(who, 64),
            "what": TICKET.sub(r"\1", _plain(what, 200)),
            "outcome": outcome[:32],
        }
        with self._engine.begin() as connection:
            connection.execute(insert(audit), [row])
            connection.execute(delete(audit).where(audit.c.at < now - KEPT_SECONDS))

    def note_unknown(self, what: str) -> None:
        """Add that somebody unknown tried `what`, unless the last entry of it is too young."""
        now = self._clock()
        if now - self._unknown.get(what, -UNKNOWN_SECONDS) >= UNKNOWN_SECONDS:
            self._unknown[what] = now
            self.note(UNKNOWN, what, "refused")

    def latest(self, before: int | None = None) -> list[Entry]:
        """Return the latest entries, or those before a number, the latest first."""
        query = select(audit).order_by(audit.c.number.desc()).limit(SHOWN)
        if before is not None:
            query = query.where(audit.c.number < before)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [Entry(r.number, _shown(r.at), r.who, r.what, r.outcome) for r in rows]


def _plain(text: str, longest: int) -> str:
    """Return text that any database takes, and that cannot look like another entry."""
    return "".join(c if c.isprintable() else "?" for c in text[:longest])


def _shown(at: int) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")

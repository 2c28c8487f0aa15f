"""Sessions of those who signed in: on the server, ending by themselves."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.engine import Engine

from bot.dashboard.tables import sessions

IDLE_SECONDS = 30 * 60
"""A session ends so long after its last use."""

LONGEST_SECONDS = 8 * 60 * 60
"""A session ends so long after it began, used or not."""


class Sessions:
    """The sessions; of their tokens only hashes are kept."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        """Use the dashboard's database; `clock` gives seconds since 1970."""
        self._engine = engine
        self._clock = clock

    def begin(self, name: str) -> str:
        """Begin a session and return its token."""
        token = secrets.token_urlsafe(32)
        now = int(self._clock())
        row = {"token_hash": token_hash(token), "staff": name, "began": now, "used": now}
        with self._engine.begin() as connection:
            self._drop_ended(connection, now)
            connection.execute(insert(sessions), [row])
        return token

    def whose(self, token: str) -> str | None:
        """Return whose running session it is, and note its use."""
        now = int(self._clock())
        with self._engine.begin() as connection:
            self._drop_ended(connection, now)
            mine = sessions.c.token_hash == token_hash(token)
            name = connection.scalar(select(sessions.c.staff).where(mine))
            if name is not None:
                connection.execute(update(sessions).where(mine).values(used=now))
        return name

    def goes_on(self, hashed: bytes) -> bool:
        """Whether the session whose token has this hash has not ended; this is no use of it."""
        now = int(self._clock())
        goes_on = select(sessions.c.staff).where(
            sessions.c.token_hash == hashed,
            sessions.c.used > now - IDLE_SECONDS,
            sessions.c.began > now - LONGEST_SECONDS,
        )
        with self._engine.connect() as connection:
            return connection.scalar(goes_on) is not None

    def end(self, token: str) -> None:
        """End a session."""
        with self._engine.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash(token)))

    @staticmethod
    def _drop_ended(connection: object, now: int) -> None:
        ended = or_(
            sessions.c.used <= now - IDLE_SECONDS, sessions.c.began <= now - LONGEST_SECONDS
        )
        connection.execute(delete(sessions).where(ended))  # type: ignore[attr-defined]


def token_hash(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

"""Unlocked inboxes: a unit's private keys, in memory only, tied to a session of staff."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.dashboard.sessions import LONGEST_SECONDS, token_hash

IDLE_SECONDS = 15 * 60
"""An inbox locks so long after its last use; a session lasts longer, because it shows less."""

SWEEP_SECONDS = 30
"""How often what has to be locked is looked for while anything is unlocked."""

Keys = TypeVar("Keys")

logger = logging.getLogger(__name__)


@dataclass
class _Held(Generic[Keys]):
    member: str
    deanery: str
    session: bytes
    keys: Keys
    began: float
    used: float


class Unlocks(Generic[Keys]):
    """What is unlocked now. Nothing of it is written anywhere, so that a restart locks all."""

    def __init__(
        self,
        running: Callable[[bytes], bool],
        clock: Callable[[], float] = time.time,
        every: float = SWEEP_SECONDS,
    ) -> None:
        """Ask `running`, with its token's hash, whether a session goes on; look every `every` s."""
        self._running = running
        self._clock = clock
        self._every = every
        self._held: dict[bytes, _Held[Keys]] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def __len__(self) -> int:
        """How many are unlocked."""
        return len(self._held)

    def hold(self, member: str, deanery: str, session: str, keys: Keys) -> str:
        """Keep keys until they are dropped, and return the token that leads to them.

        `session` is the token of the session; empty where a proxy signs people in.
        """
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._held[token_hash(token)] = _Held(
                member, deanery, _session(session), keys, now, now
            )
            self._sweep_later()
        return token

    def keys(self, token: str, member: str, deanery: str, session: str) -> Keys | None:
        """Return what a token leads to, for that member, unit and session; note the use."""
        with self._lock:
            held = self._held.get(token_hash(token))
            if held is None:
                return None
            whose = (member, deanery, _session(session))
            if self._ended(held) or (held.member, held.deanery, held.session) != whose:
                del self._held[token_hash(token)]
                return None
            held.used = self._clock()
            return held.keys

    def drop(self, token: str) -> None:
        """Lock what a token leads to."""
        with self._lock:
            self._held.pop(token_hash(token), None)

    def drop_session(self, session: str) -> None:
        """Lock everything that was unlocked in a session."""
        with self._lock:
            ended = _session(session)
            self._held = {k: h for k, h in self._held.items() if h.session != ended}

    def sweep(self) -> None:
        """Lock what was idle for too long, and what belongs to sessions that have ended."""
        with self._lock:
            self._held = {k: h for k, h in self._held.items() if not self._ended(h)}
            sessions = {held.session for held in self._held.values() if held.session}
        ended = {session for session in sessions if not self._running(session)}
        with self._lock:
            self._held = {k: h for k, h in self._held.items() if h.session not in ended}

    def _ended(self, held: _Held[Keys]) -> bool:
        now = self._clock()
        return now - held.used >= IDLE_SECONDS or now - held.began >= LONGEST_SECONDS

    def _sweep_later(self) -> None:
        """Start the timer, unless it runs; the caller holds the lock."""
        if self._timer is None:
            self._timer = threading.Timer(self._every, self._sweep_again)
            self._timer.daemon = True
            self._timer.start()

    def _sweep_again(self) -> None:
        try:
            self.sweep()
        except Exception as error:  # the database of sessions is gone; it is asked again
            logger.error("sessions could not be asked: error=%s", type(error).__name__)
        with self._lock:
            self._timer = None
            if self._held:
                self._sweep_later()


def _session(token: str) -> bytes:
    return token_hash(token) if token else b""

"""Telling systemd when the assistant listens, that it lives, and when it stops.

Whoever hears no more that it lives starts it again. systemd's protocol is one datagram for each, to
the socket that NOTIFY_SOCKET names; where that is not set, nobody is told anything.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping

logger = logging.getLogger(__name__)

SHARE = 3
"""Of the time after which systemd restarts what is silent, one in this many passes between two
signs of life, so that one that fails, or is late, restarts nothing."""


class Watchdog:
    """Tells whatever the environment names."""

    def __init__(self, environment: Mapping[str, str], live: Callable[[], Awaitable[bool]]) -> None:
        """Take the environment that systemd gave, and what says whether the process lives."""
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._every = _seconds(environment) / SHARE
        self._live = live
        self._telling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Tell that the server listens, and from now on that it lives, as long as it does."""
        self._tell("READY=1")
        if self._address and self._every:
            self._telling = asyncio.ensure_future(self._tell_for_ever())

    def stop(self) -> None:
        """Tell that it stops; systemd waits for its end now, and for no sign of life."""
        if self._telling is not None:
            self._telling.cancel()
        self._tell("STOPPING=1")

    async def _tell_for_ever(self) -> None:
        while True:
            await asyncio.gather(asyncio.sleep(self._every), self._tell_if_live())

    async def _tell_if_live(self) -> None:
        if await self._live():
            self._tell("WATCHDOG=1")

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
                telling.setblocking(False)  # a systemd that reads nothing must not stop the turns
                telling.sendto(state.encode(), self._address)
        except OSError as error:
            logger.error("systemd not told: error=%s", type(error).__name__)


def _address(named: str) -> str:
    """Return a socket's address as the system takes it: "@" stands for the byte 0 of a name."""
    return "\0" + named[1:] if named.startswith("@") else named


def _seconds(environment: Mapping[str, str]) -> float:
    """Return after how many seconds of silence this process is restarted, 0 if it is not."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0  # it is another process that is watched
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1_000_000 if microseconds.isdecimal() else 0

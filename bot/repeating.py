"""A job that the running assistant does beside the conversations, again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable

STOP_SECONDS = 10
"""Seconds that stopping waits for a job that is under way."""


class Repeating:
    """A thread that does a job at once and then every so many seconds."""

    def __init__(self, name: str, job: Callable[[], None], every: float) -> None:
        """Take the thread's name, the job, which raises nothing, and the seconds between two."""
        self._job = job
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End it; a job that is under way is finished, or done again at the next start."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        while True:
            self._job()
            if self._stop.wait(self._every):
                return

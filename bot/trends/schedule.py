"""When windows are frozen: by the running assistant a few times a day, or by `sidedoor release`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date

from bot.settings import Settings
from bot.trends.disclosure import Rules
from bot.trends.freeze import Freezer
from bot.trends.marks import Marks
from bot.trends.releases import Releases

logger = logging.getLogger(__name__)

EVERY_SECONDS = 6 * 60 * 60


def release_due(settings: Settings, today: date) -> list[str]:
    """Freeze what is due with the settings' rules; return the releases that were written.

    Raises:
        DatabaseError: if the marks cannot be reached.
        FreezeBusyError: if another process is freezing.
        ReleaseError: if a release cannot be written or an earlier one cannot be trusted.
    """
    marks = Marks.open(settings.marks_url)
    try:
        rules = Rules(suppress=settings.suppress)
        return Freezer(marks, Releases(settings.releases), rules, settings.noise).run(today)
    finally:
        marks.close()


class ReleaseSchedule:
    """A thread that freezes what is due, at once and then every `EVERY_SECONDS`."""

    def __init__(self, job: Callable[[], list[str]], every: float = EVERY_SECONDS) -> None:
        """Take the job, which returns the names of what it released."""
        self._job = job
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="release-schedule", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End it; a freeze that is under way is finished, or done again at the next start."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _work(self) -> None:
        while True:
            try:
                for name in self._job():
                    logger.warning("trends released: name=%s", name)
            except Exception as error:  # the assistant goes on; the next time may be better
                logger.error("trends not released: error=%s", type(error).__name__)
            if self._stop.wait(self._every):
                return

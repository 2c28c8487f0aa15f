"""When windows are frozen: by the running assistant a few times a day, or by `sidedoor release`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date

from bot.repeating import Repeating
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


class ReleaseSchedule(Repeating):
    """A thread that freezes what is due, at once and then every `EVERY_SECONDS`."""

    def __init__(self, job: Callable[[], list[str]], every: float = EVERY_SECONDS) -> None:
        """Take the job, which returns the names of what it released."""
        super().__init__("release-schedule", lambda: _release(job), every)


def _release(job: Callable[[], list[str]]) -> None:
    try:
        for name in job():
            logger.warning("trends released: name=%s", name)
    except Exception as error:  # the assistant goes on; the next time may be better
        logger.error("trends not released: error=%s", type(error).__name__)

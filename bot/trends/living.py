"""Living through an invented year: recorded day by day, released when it is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from bot.trends.counting import Counting
from bot.trends.freeze import Freezer
from bot.trends.marks import Marks
from bot.trends.recorder import TrendsRecorder
from bot.trends.releases import Releases
from bot.trends.synthetic import Visit
from bot.trends.windows import LAG_DAYS, Month

PATIENCE_SECONDS = 120

During = Callable[[str, TrendsRecorder], None]
"""Called in each month with the recorder, for what else happens in it."""


def live_through(
    visits: Sequence[Visit], folder: Path, until: date, during: During | None = None
) -> Releases:
    """Record the visits of consecutive months in `folder` and release as a running service would.

    The releases are marked as synthetic.

    Raises:
        RuntimeError: if the recorder could not write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'marks.db'}"
    months = sorted({visit.month for visit in visits})
    month, last = Month.of(months[0]), Month.of(months[-1])
    recorder = TrendsRecorder(lambda: Marks.open(url), Counting(), lambda: str(month))
    store, releases = Marks.open(url), Releases(folder / "releases")
    freezer = Freezer(store, releases, synthetic=True)
    try:
        while month <= last:
            for visit in visits:
                if visit.month == str(month):
                    for event in visit.events():
                        recorder.publish(event)
            if during is not None:
                during(str(month), recorder)
            if not recorder.write_now(PATIENCE_SECONDS):
                raise RuntimeError("the recorder could not write")
            freezer.run(month.last_day() + timedelta(days=LAG_DAYS + 1))
            month = month.plus(1)
        freezer.run(until)
    finally:
        recorder.stop()
        store.close()
    return releases

"""How many releases a year to expect, from how many people come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from bot.trends.groups import Groups
from bot.trends.windows import ENOUGH, LAG_DAYS, Window, candidates


@dataclass(frozen=True)
class Expected:
    """Releases a year of a deanery of so many trainees."""

    trainees: int
    people: int
    releases: int
    windows: str


def earliest_release(last: Window, today: date) -> date | None:
    """Return the first day from `today` on which figures can follow those of the window `last`.

    None if even the longest window is over: the next release is late.
    """
    days = (w.last.last_day() + timedelta(days=LAG_DAYS) for w in candidates(last.last.plus(1)))
    return next((day for day in days if day >= today), None)


LENGTHS = ((12, "months"), (4, "quarters"), (2, "half-years"), (1, "one year"))
"""Releases a year and what their windows are."""

EXAMPLES = (2_000, 4_000, 8_000, 15_000)


def expected(trainees: int, uptake: float) -> Expected:
    """Return what to expect if people come evenly over the year; a busy month changes it."""
    people = round(trainees * uptake)
    for releases, windows in LENGTHS:
        if people / releases >= ENOUGH or releases == 1:
            return Expected(trainees, people, releases, windows)
    raise AssertionError("the last length always fits")


def table_of_expected(groups: Groups) -> list[Expected]:
    """Return what to expect for some sizes, and first for this deanery's own if it is known."""
    own = (groups.trainees,) if groups.trainees else ()
    sizes = dict.fromkeys((*own, *EXAMPLES))
    return [expected(trainees, groups.uptake) for trainees in sizes]

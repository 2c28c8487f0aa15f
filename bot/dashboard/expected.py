"""How many releases a year to expect, from how many people come."""

from __future__ import annotations

from dataclasses import dataclass

from bot.trends.groups import Groups
from bot.trends.windows import ENOUGH


@dataclass(frozen=True)
class Expected:
    """Releases a year of a deanery of so many trainees."""

    trainees: int
    people: int
    releases: int
    windows: str


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
    return [expected(trainees, groups.uptake) for trainees in (*own, *EXAMPLES)]

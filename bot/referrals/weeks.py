"""ISO weeks such as "2026-W48": the only times that are kept. They sort as texts."""

from __future__ import annotations

from datetime import date, timedelta

LIFE_WEEKS = 12
"""Whole weeks after the week of its last use that a ticket is still there; then it ends."""

LIFE_DAYS = 7 * LIFE_WEEKS + 6
"""Days after the day of its last use that it may still be there: it ends with the week."""


def week_of(day: date) -> str:
    """Return the ISO week of a day."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def oldest_living(today: date) -> str:
    """Return the earliest week of last use that a ticket may have and still be there.

    Weeks are all that is kept, so its last day is the 84th to the 90th after that of its last use:
    never less than the 12 weeks, and never more than the 90 days, that its sender was told.
    """
    return week_of(today - timedelta(weeks=LIFE_WEEKS))


def weeks_between(week: str, today: date) -> int:
    """Return how many weeks the week of `today` comes after `week`."""
    year, number = week.split("-W")
    monday = date.fromisocalendar(int(year), int(number), 1)
    return (today - timedelta(days=today.weekday()) - monday).days // 7


def week_before(day: date) -> str:
    """Return the week before that of a day."""
    return week_of(day - timedelta(weeks=1))

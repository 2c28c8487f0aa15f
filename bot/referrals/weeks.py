"""ISO weeks such as "2026-W48": the only times that are kept. They sort as texts."""

from __future__ import annotations

from datetime import date, timedelta

LIFE_WEEKS = 13
"""A ticket ends when so many whole weeks have passed since the week of its last use."""


def week_of(day: date) -> str:
    """Return the ISO week of a day."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def oldest_living(today: date) -> str:
    """Return the earliest week of last use that a ticket may have and still be there.

    Weeks are all that is kept, so a ticket lives from 91 to 98 days after its last use: never
    shorter than the 90 days that its sender was told.
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

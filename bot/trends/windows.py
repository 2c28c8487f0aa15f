"""Windows: which months are released together, decided once and never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

LAG_DAYS = 7
"""Days after a window's end before it is released."""

LONGEST = 12
"""Months after which a window is released however few people it has."""

MOST_MONTHS = LONGEST + 2
"""Months that a window can have, as it ends with a quarter."""

ENOUGH = 50
"""People, as published, from which a window shorter than `LONGEST` is released."""

LADDER = (1, 3, 6, 12)
"""A window ends with its first month, or with the quarter, half-year or year it has reached."""


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    year: int
    number: int

    @classmethod
    def of(cls, text: str) -> Month:
        """Return the month written as 2026-05."""
        year, number = text.split("-")
        return cls(int(year), int(number))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    def plus(self, months: int) -> Month:
        """Return the month that many months later."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def since(self, other: Month) -> int:
        """Return the months from `other` to this one."""
        return (self.year - other.year) * 12 + self.number - other.number

    def last_day(self) -> date:
        """Return the month's last day."""
        after = self.plus(1)
        return date(after.year, after.number, 1) - timedelta(days=1)


@dataclass(frozen=True, order=True)
class Window:
    """Consecutive months that are released together, both ends included."""

    first: Month
    last: Month

    def months(self) -> tuple[Month, ...]:
        """Return the months."""
        return tuple(self.first.plus(n) for n in range(self.last.since(self.first) + 1))

    def ripe(self, today: date) -> bool:
        """Whether the window ended long enough ago."""
        return today >= self.last.last_day() + timedelta(days=LAG_DAYS)

    def overlaps(self, other: Window) -> bool:
        """Whether a month is in both."""
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}_{self.last}"


def candidates(first: Month) -> Iterator[Window]:
    """Yield the windows that may begin with `first`, each wider than the one before.

    Its first month; then to the end of the quarter, the half-year and the year that it lies in.
    What is left of a year that was begun in parts goes on into the next year, by quarters, until
    it has `LONGEST` months.
    """
    ends = {first}
    for length in LADDER[1:]:
        ends.add(Month(first.year, -(-first.number // length) * length))
    year_end = Month(first.year, 12)
    for quarter in range(1, 5):
        ends.add(year_end.plus(3 * quarter))
    for last in sorted(ends):
        yield Window(first, last)
        if last.since(first) + 1 >= LONGEST:
            return


def next_window(first: Month, people: Callable[[Window], int | None], today: date) -> Window | None:
    """Return the window to release now that begins with `first`, or None if it has to wait.

    Run late, it returns what it would have returned in time: the first that had enough people.

    Args:
        first: the month after the last release.
        people: the number of people of a window as it would be published.
        today: the day.
    """
    for window in candidates(first):
        if not window.ripe(today):
            return None
        if (people(window) or 0) >= ENOUGH or len(window.months()) >= LONGEST:
            return window
    return None

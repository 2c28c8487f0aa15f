"""How long something has waited, as far as a week tells it, against what the unit says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

IN_TIME, MAY_BE_LATE, LATE, UNKNOWN = "in_time", "may_be_late", "late", "unknown"


@dataclass(frozen=True)
class Wait:
    """Whole weeks since the week in which it came, and how that compares."""

    weeks: int
    state: str


def wait(week: str, today: date, answer_days: int | None) -> Wait:
    """Return how long something of an ISO week such as 2026-W48 has waited.

    Only the week is known: it may have come on any of its seven days. It is late when even the
    last of them is more than `answer_days` ago, and may be when the first is.

    Raises:
        ValueError: if the week is not one.
    """
    found = re.fullmatch(r"(\d{4})-W(\d{2})", week)
    if found is None:
        raise ValueError(f"{week!r} is not a week such as 2026-W48")
    first = date.fromisocalendar(int(found[1]), int(found[2]), 1)
    this_week = today - timedelta(days=today.weekday())
    weeks = max(0, (this_week - first).days // 7)
    if answer_days is None:
        return Wait(weeks, UNKNOWN)
    if (today - first - timedelta(days=6)).days > answer_days:
        return Wait(weeks, LATE)
    return Wait(weeks, MAY_BE_LATE if (today - first).days > answer_days else IN_TIME)

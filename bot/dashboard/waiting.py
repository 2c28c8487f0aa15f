"""How a wait that is known in weeks compares with what the unit says about its answers."""

from __future__ import annotations

from datetime import date, timedelta

NOT_WAITING, IN_TIME, MAY_BE_LATE, LATE, NO_PROMISE = (
    "not_waiting",
    "in_time",
    "may_be_late",
    "late",
    "no_promise",
)


def lateness(weeks: int | None, today: date, answer_days: int | None) -> str:
    """Return how something compares that has waited since the week `weeks` before this one.

    Only the week is known: it may have come on any of its seven days. It is late when even the
    last of them is more than `answer_days` ago, and may be when the first is.
    """
    if weeks is None:
        return NOT_WAITING
    if answer_days is None:
        return NO_PROMISE
    first = today - timedelta(days=today.weekday(), weeks=weeks)
    last = min(today, first + timedelta(days=6))
    if (today - last).days > answer_days:
        return LATE
    return MAY_BE_LATE if (today - first).days > answer_days else IN_TIME

"""How long something has waited, when only the week in which it came is known."""

from datetime import date, timedelta

import pytest

from bot.dashboard.waiting import IN_TIME, LATE, MAY_BE_LATE, NO_PROMISE, NOT_WAITING, lateness
from bot.referrals.weeks import week_of, weeks_between


@pytest.mark.parametrize(
    ("today", "weeks", "state"),
    [
        ("2026-11-23", 0, IN_TIME),  # a Monday
        ("2026-11-29", 0, IN_TIME),
        ("2026-11-30", 1, IN_TIME),  # had it come on Monday, seven days ago
        ("2026-12-01", 1, MAY_BE_LATE),
        ("2026-12-06", 1, MAY_BE_LATE),  # had it come on Sunday, seven days ago
        ("2026-12-07", 2, LATE),
    ],
)
def test_it_is_late_when_any_day_of_its_week_is_too_long_ago(today, weeks, state):
    assert lateness(weeks, date.fromisoformat(today), 7) == state


def test_every_day_on_which_it_may_have_come_agrees_with_what_is_said():
    monday = date(2026, 12, 28)  # the last week of a year with 53
    for answer_days in (1, 7, 10, 28):
        for later in range(60):
            today = monday + timedelta(days=later)
            came = [monday + timedelta(days=d) for d in range(7)]
            over = [(today - day).days > answer_days for day in came if day <= today]
            state = lateness(weeks_between(week_of(monday), today), today, answer_days)
            assert state == (LATE if all(over) else MAY_BE_LATE if any(over) else IN_TIME)


def test_without_a_wait_or_a_promise_nothing_is_late():
    assert lateness(None, date(2026, 12, 1), 7) == NOT_WAITING
    assert lateness(9, date(2026, 12, 1), None) == NO_PROMISE

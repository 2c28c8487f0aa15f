"""How long something has waited, when only the week in which it came is known."""

from datetime import date, timedelta

import pytest

from bot.dashboard.waiting import IN_TIME, LATE, MAY_BE_LATE, UNKNOWN, Wait, wait


@pytest.mark.parametrize(
    ("today", "weeks", "state"),
    [
        ("2026-11-23", 0, IN_TIME),  # the Monday of the same week
        ("2026-11-29", 0, IN_TIME),
        ("2026-11-30", 1, IN_TIME),  # had it come on Monday, seven days ago
        ("2026-12-01", 1, MAY_BE_LATE),
        ("2026-12-06", 1, MAY_BE_LATE),  # had it come on Sunday, seven days ago
        ("2026-12-07", 2, LATE),
    ],
)
def test_it_is_late_when_any_day_of_its_week_is_too_long_ago(today, weeks, state):
    assert wait("2026-W48", date.fromisoformat(today), 7) == Wait(weeks, state)


def test_every_day_of_the_week_agrees_with_what_is_said():
    for answer_days in (1, 7, 10, 28):
        for later in range(60):
            today = date(2026, 11, 23) + timedelta(days=later)
            came = [date(2026, 11, 23) + timedelta(days=d) for d in range(7)]
            over = [(today - day).days > answer_days for day in came]
            state = wait("2026-W48", today, answer_days).state
            assert state == (LATE if all(over) else MAY_BE_LATE if any(over) else IN_TIME)


def test_across_a_year_and_without_a_promise():
    assert wait("2026-W53", date(2027, 1, 12), None) == Wait(2, UNKNOWN)
    assert wait("2026-W53", date(2026, 12, 1), 7).weeks == 0  # a clock that was set back


@pytest.mark.parametrize("week", ["2026-48", "", "W48", "2026-W60"])
def test_what_is_no_week_is_refused(week):
    with pytest.raises(ValueError, match="week"):
        wait(week, date(2026, 12, 1), 7)

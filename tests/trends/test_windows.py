"""Windows: as narrow as enough people allow, disjoint, and the same however late they are made."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.trends.disclosure import Rules, total
from bot.trends.windows import ENOUGH, LONGEST, MOST_MONTHS, Month, Window, candidates, next_window


def released(monthly: dict[str, int], days: list[date], begins: str) -> list[str]:
    """Return the windows released when the job runs on `days`."""

    def people(window: Window) -> int | None:
        return total(sum(monthly.get(str(m), 0) for m in window.months()), Rules())

    done, first = [], Month.of(begins)
    for today in days:
        while (window := next_window(first, people, today)) is not None:
            done.append(str(window))
            first = window.last.plus(1)
    return done


def every_day(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def year(*people: int) -> dict[str, int]:
    return {f"2026-{number:02}": n for number, n in enumerate(people, 1)}


@pytest.mark.parametrize(
    ("first", "windows"),
    [
        ("2026-01", ["2026-01", "2026-01_2026-03", "2026-01_2026-06", "2026-01_2026-12"]),
        ("2026-06", ["2026-06", "2026-06_2026-12", "2026-06_2027-03", "2026-06_2027-06"]),
        ("2026-10", ["2026-10", "2026-10_2026-12", "2026-10_2027-03", "2026-10_2027-06"]),
    ],
)
def test_a_window_widens_by_quarter_half_year_and_year(first, windows):
    assert [str(window) for window in candidates(Month.of(first))][:4] == windows


@given(st.integers(2020, 2030), st.integers(1, 12))
def test_windows_widen_and_end(begins, number):
    found = list(candidates(Month(begins, number)))
    lengths = [len(window.months()) for window in found]
    assert lengths == sorted(set(lengths))
    assert lengths[0] == 1
    assert LONGEST <= lengths[-1] <= LONGEST + 2
    assert all(n < LONGEST for n in lengths[:-1])


def test_months_of_fifty_people_are_released_alone():
    days = every_day("2026-01-01", "2027-01-31")
    assert released(year(*[60] * 12), days, "2026-01") == [f"2026-{n:02}" for n in range(1, 13)]


def test_quarters_half_years_and_years():
    days = every_day("2026-01-01", "2027-01-31")
    assert released(year(*[20] * 12), days, "2026-01") == [
        "2026-01_2026-03",
        "2026-04_2026-06",
        "2026-07_2026-09",
        "2026-10_2026-12",
    ]
    assert released(year(*[9] * 12), days, "2026-01") == ["2026-01_2026-06", "2026-07_2026-12"]
    assert released(year(*[2] * 12), days, "2026-01") == ["2026-01_2026-12"]
    assert released({}, days, "2026-01") == ["2026-01_2026-12"]


def test_a_wider_window_never_covers_what_is_released():
    days = every_day("2026-01-01", "2027-12-31")
    assert released(year(60, 20, 20, *[20] * 9), days, "2026-01") == [
        "2026-01",
        "2026-02_2026-06",
        "2026-07_2026-09",
        "2026-10_2026-12",
    ]


def test_nothing_is_released_within_seven_days_of_the_end():
    sixty = year(60)
    assert released(sixty, every_day("2026-01-01", "2026-02-06"), "2026-01") == []
    assert released(sixty, [date(2026, 2, 7)], "2026-01") == ["2026-01"]


def test_the_number_that_decides_is_the_one_that_is_published():
    """Else a figure of 50 would tell that it is 50 to 52, and its absence that it is not."""
    day = [date(2026, 2, 7)]
    assert released(year(47), day, "2026-01") == []
    assert released(year(48), day, "2026-01") == ["2026-01"]
    assert total(48, Rules()) == ENOUGH


MONTHLY = st.lists(st.integers(0, 70), min_size=24, max_size=24)


@settings(max_examples=60)
@given(MONTHLY, st.data())
def test_run_late_or_seldom_it_makes_the_same_windows(counts, data):
    begins = Month(2025, data.draw(st.integers(1, 12)))
    monthly = {str(Month(2025, 1).plus(n)): count for n, count in enumerate(counts)}
    last = date(2027, 2, 1)
    days = every_day("2025-01-01", last.isoformat())
    some = [*sorted(data.draw(st.sets(st.sampled_from(days), max_size=5))), last]
    assert released(monthly, some, str(begins)) == released(monthly, days, str(begins))


@settings(max_examples=60)
@given(MONTHLY)
def test_windows_follow_each_other_without_gap_or_overlap(counts):
    monthly = {str(Month(2025, 1).plus(n)): count for n, count in enumerate(counts)}
    names = released(monthly, [date(2027, 2, 1)], "2025-01")
    at = Month(2025, 1)
    for name in names:
        first, _, last = name.partition("_")
        assert Month.of(first) == at
        at = Month.of(last or first).plus(1)


def test_no_window_is_longer_than_people_are_told():
    lengths = {
        len(window.months())
        for number in range(1, 13)
        for window in candidates(Month(2026, number))
    }
    assert max(lengths) == MOST_MONTHS

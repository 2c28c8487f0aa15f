"""Freezing: once, whole, and the same when repeated, killed in the middle, or run late."""

import os
import signal
import subprocess
import sys
from datetime import date

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bot.paths import ROOT
from bot.trends.disclosure import Rules
from bot.trends.freeze import FreezeBusyError, Freezer, _alone
from bot.trends.marks import Mark, Marks
from bot.trends.noise import geometric, usual_reach
from bot.trends.releases import ReleaseError, Releases
from tests.databases import files_holding

MAY, JUNE, JULY = "2026-05", "2026-06", "2026-07"


def people(month: str, number: int, **tables: dict[str, int]) -> list[Mark]:
    """Return the marks of so many people, of whom so many counted as each value."""
    found = [Mark(month, "people", "any", os.urandom(16)) for _ in range(number)]
    for facet, counts in tables.items():
        for value, count in counts.items():
            found += [Mark(month, facet, value, os.urandom(16)) for _ in range(count)]
    return found


@pytest.fixture
def releases(tmp_path) -> Releases:
    return Releases(tmp_path / "releases")


@pytest.fixture
def freezer(store, releases) -> Freezer:
    return Freezer(store, releases)


def test_nothing_counted_is_nothing_due(freezer, releases):
    assert freezer.run(date(2026, 12, 31)) == []
    assert releases.names() == []


def test_a_month_is_released_once_and_its_marks_are_gone(store, freezer, releases):
    store.change(
        people(MAY, 61, concern={"money": 14, "workload": 40, "sleep_fatigue": 33}), [], MAY
    )
    store.change(people(JUNE, 10), [], MAY)
    assert freezer.run(date(2026, 6, 6)) == []
    assert freezer.run(date(2026, 6, 7)) == [MAY]
    release = releases.read(MAY)
    assert release.people == 60
    shown = {k: v for k, v in release.tables["concern"].items() if v is not None}
    assert shown == {"money": 15, "workload": 40, "sleep_fatigue": 35}
    assert store.counts([MAY, JUNE]) == {(JUNE, "people", "any"): 10}
    before = (releases.folder / f"{MAY}.json").read_bytes()
    assert freezer.run(date(2026, 6, 8)) == []
    assert (releases.folder / f"{MAY}.json").read_bytes() == before


def test_months_of_few_people_are_released_together(store, freezer, releases):
    for month in ("2026-04", MAY, JUNE):
        store.change(people(month, 20, concern={"money": 7, "workload": 9}), [], "2026-04")
    assert freezer.run(date(2026, 7, 6)) == []
    assert freezer.run(date(2026, 7, 7)) == ["2026-04_2026-06"]
    release = releases.read("2026-04_2026-06")
    assert (release.people, release.tables["concern"]["money"]) == (60, 20)


def test_run_late_it_makes_what_it_would_have_made_in_time(store, freezer, releases):
    store.change(people(MAY, 55) + people(JUNE, 56) + people(JULY, 57), [], MAY)
    assert freezer.run(date(2026, 8, 20)) == [MAY, JUNE, JULY]
    assert [releases.read(n).people for n in releases.names()] == [55, 55, 55]


def test_the_help_card_is_released_with_the_year_and_only_then(store, freezer, releases):
    cards = [Mark("2026", "help_card", "any", os.urandom(16)) for _ in range(16)]
    store.change([*people(MAY, 55), *cards], [], MAY)
    freezer.run(date(2026, 6, 30))
    assert "help_card" not in releases.read(MAY).tables
    assert store.counts(["2026"]) == {("2026", "help_card", "any"): 16}
    assert "help-card_2026" not in freezer.run(date(2027, 1, 6))
    assert "help-card_2026" in freezer.run(date(2027, 1, 7))
    assert releases.read("help-card_2026").tables == {"help_card": {"any": 20}}
    assert store.counts(["2026"]) == {}


def test_deleting_before_the_freeze_changes_it_and_after_it_nothing(store, freezer, releases):
    marks = people(MAY, 53)
    store.change([*marks, *people(JUNE, 53)], [], MAY)
    store.change([], marks[:6], MAY)
    assert freezer.run(date(2026, 6, 7)) == []  # 47 are not enough for a month
    store.change(marks[:6], [], MAY)
    assert freezer.run(date(2026, 6, 7)) == [MAY]
    before = (releases.folder / f"{MAY}.json").read_bytes()
    store.change([], marks, JUNE)
    freezer.run(date(2026, 6, 8))
    assert (releases.folder / f"{MAY}.json").read_bytes() == before


def test_two_at_once_make_one(store, freezer, releases):
    store.change(people(MAY, 55), [], MAY)
    with _alone(releases.folder), pytest.raises(FreezeBusyError):
        freezer.run(date(2026, 6, 7))
    assert releases.names() == []
    assert freezer.run(date(2026, 6, 7)) == [MAY]


def test_a_lost_release_is_told_and_not_made_again_of_nothing(store, freezer, releases):
    store.change(people(MAY, 55), [], MAY)
    freezer.run(date(2026, 6, 7))
    (releases.folder / f"{MAY}.json").rename(releases.folder / "elsewhere")
    with pytest.raises(ReleaseError, match=r"2026-05\.json is missing"):
        freezer.run(date(2027, 6, 7))


def test_a_tampered_release_stops_the_next(store, freezer, releases):
    store.change(people(MAY, 55) + people(JUNE, 55), [], MAY)
    freezer.run(date(2026, 6, 7))
    path = releases.folder / f"{MAY}.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"people": 55', '"people": 60'))
    with pytest.raises(ReleaseError, match="not as it was signed"):
        freezer.run(date(2026, 7, 7))
    assert store.counts([JUNE]) != {}


HURRIED = {"options": "-c lock_timeout=200ms"}

KILL = """
import os, signal, sys
from datetime import date
from pathlib import Path
from bot.trends import releases as module
from bot.trends.freeze import Freezer
from bot.trends.marks import Marks

url, folder, place = sys.argv[1:]
store, releases = Marks.open(url), module.Releases(Path(folder))

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

owner, name = {
    "before_the_release": (module.os, "link"),
    "after_the_release": (Freezer, "_destroy"),
    "in_the_deletion": (Marks, "_rewrite"),
    "after_the_deletion": (Marks, "compact"),
    "half_written": (module.os, "fsync"),
}[place]
setattr(owner, name, die)
Freezer(store, releases).run(date(2026, 6, 7))
"""


@pytest.mark.parametrize(
    "place",
    [
        "before_the_release",
        "half_written",
        "after_the_release",
        "in_the_deletion",
        "after_the_deletion",
    ],
)
def test_killed_in_the_middle_it_is_finished_by_the_next_run(place, url, store, releases):
    marks = people(MAY, 61, concern={"money": 14})
    store.change(marks, [], MAY)
    tokens = [each.contributor for each in marks]
    assert files_holding(url, tokens)
    killed = subprocess.run(
        [sys.executable, "-c", KILL, url, str(releases.folder), place],
        cwd=ROOT,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL
    path = releases.folder / f"{MAY}.json"
    before = path.read_bytes() if path.exists() else None
    Freezer(store, releases).run(date(2026, 6, 7))
    assert releases.read(MAY).people == 60
    assert before in (None, path.read_bytes())
    assert store.counts([MAY]) == {}
    assert store.frozen() == {MAY: MAY}
    assert list(releases.folder.glob(".*.part")) == []
    assert files_holding(url, tokens) == []


def test_a_deletion_that_gets_no_hold_of_the_table_is_whole_after_the_next_run(
    store, url, releases
):
    if not url.startswith("postgresql"):
        pytest.skip("SQLite has no locks of tables")
    marks = people(MAY, 61)
    store.change(marks, [], MAY)
    engine = create_engine(url, future=True)
    with engine.begin() as held:
        held.execute(text("LOCK TABLE marks IN ACCESS SHARE MODE"))
        hurried = Marks(create_engine(url, future=True, connect_args=HURRIED))
        with pytest.raises(OperationalError):
            Freezer(hurried, releases).run(date(2026, 6, 7))
        hurried.close()
    engine.dispose()
    assert Freezer(store, releases).run(date(2026, 6, 8)) == []
    assert store.frozen() == {MAY: MAY}
    assert files_holding(url, [each.contributor for each in marks]) == []


def test_noise_is_drawn_once_and_stated(store, releases):
    store.change(people(MAY, 400, concern={"money": 100}), [], MAY)
    Freezer(store, releases, epsilon=0.5).run(date(2026, 6, 7))
    release = releases.read(MAY)
    assert release.rules["epsilon"] == 0.5
    assert abs(release.tables["concern"]["money"] - 100) <= 50
    before = (releases.folder / f"{MAY}.json").read_bytes()
    Freezer(store, releases, epsilon=0.5).run(date(2026, 6, 8))
    assert (releases.folder / f"{MAY}.json").read_bytes() == before


@pytest.mark.parametrize(("epsilon", "reach"), [(0.0, 0), (0.25, 12), (0.5, 6), (1.0, 3), (4.0, 0)])
def test_noise_seldom_goes_beyond_what_it_usually_does(epsilon, reach):
    """The bound is that of nineteen draws in twenty, and no smaller one is."""
    assert usual_reach(epsilon) == reach
    if epsilon:
        noise, draws = geometric(epsilon), 4_000
        away = [abs(noise(1_000) - 1_000) for _ in range(draws)]
        assert sum(n <= reach for n in away) > 0.93 * draws
        assert not reach or sum(n < reach for n in away) < 0.97 * draws


def test_with_noise_a_guess_about_one_count_is_right_at_most_sixty_two_times_in_a_hundred():
    """The best guess between two neighbouring counts, over what can be seen."""
    noise, draws = geometric(0.5), 20_000
    with_person = sum(noise(101) >= 101 for _ in range(draws))
    without = sum(noise(100) < 101 for _ in range(draws))
    assert (with_person + without) / (2 * draws) <= 0.622 + 0.015


def test_the_rules_are_in_the_release(store, releases):
    store.change(people(MAY, 61, concern={"money": 9}), [], MAY)
    Freezer(store, releases, Rules(suppress=7)).run(date(2026, 6, 7))
    assert releases.read(MAY).rules["suppress"] == 7
    assert releases.read(MAY).rules["epsilon"] == 0

"""Attacks on what is published: by arithmetic, by a solver, by adding and by taking away."""

import itertools
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.trends.counting import Counting
from bot.trends.disclosure import Rules, table, total
from bot.trends.freeze import Freezer
from bot.trends.marks import Marks
from bot.trends.recorder import TrendsRecorder
from bot.trends.releases import Release, ReleaseError, Releases
from bot.trends.synthetic import Visit
from bot.trends.vocabulary import Facet, facets
from bot.trends.windows import Month, Window
from tests.attacks.attacker import Attacker, card_cell, window_cells
from tests.attacks.conftest import YEAR, Deanery, lived, released, truth, year_of

RULES = Rules()
AFTER = date(YEAR + 1, 12, 31)


@pytest.fixture(params=["small", "large"])
def deanery(request) -> Deanery:
    """Return a deanery after its year, of 2,000 and of 8,000 trainees."""
    return request.getfixturevalue(request.param)


def small_cells(deanery: Deanery):
    """Yield the cells of all releases that hold twelve people or fewer, nobody included."""
    for release in deanery.windows:
        for facet in facets().values():
            for value in facet.values:
                count = deanery.true_count(release.window, facet.name, value)
                if count <= RULES.suppress:
                    yield release, facet.name, value, count


def test_what_is_released_is_the_truth_rounded(deanery):
    for release in deanery.windows:
        assert release.people == total(deanery.true_count(release.window, "people", "any"), RULES)
        for facet, shown in release.tables.items():
            for value, figure in shown.items():
                count = deanery.true_count(release.window, facet, value)
                assert figure is None or (count > 12 and abs(count - figure) <= 2)


def test_small_cells_are_hidden(deanery):
    cells = list(small_cells(deanery))
    assert len(cells) >= 20
    for release, facet, value, _ in cells:
        assert release.tables[facet][value] is None


def test_a_solver_over_all_releases_pins_no_small_cell(deanery):
    """Integer programming, with an oracle that names which hidden cells are small ones."""

    def small(cells) -> bool:
        return sum(deanery.truth[cell] for cell in cells) <= RULES.suppress

    attacker = Attacker(deanery.everything, small)
    tried = Counter()
    for release, facet, value, count in small_cells(deanery):
        low, high = attacker.range_of(window_cells(release.window, facet, value))
        assert low <= count <= high
        assert high - low >= 5, f"{release.name}, {facet} {value}: {low} to {high}"
        tried["nobody" if count == 0 else "few"] += 1
    assert tried["few"] >= 20
    assert tried["nobody"] >= 1


def test_a_solver_does_not_pin_to_how_many_the_help_card_was_shown(deanery):
    attacker = Attacker(deanery.everything)
    count = deanery.cards(YEAR)
    assert count > 0
    low, high = attacker.range_of([card_cell(YEAR)])
    assert low <= count <= high
    assert high - low >= 5


def test_a_solver_pins_no_single_month_of_a_wider_window(deanery):
    attacker = Attacker(deanery.everything)
    months = [str(m) for release in deanery.windows for m in release.window.months()]
    for month in months:
        count = deanery.truth[month, "people", "any"]
        low, high = attacker.range_of([(month, "people", "any")])
        assert low <= count <= high
        assert high - low >= 5


def test_the_solver_finds_what_careless_releases_would_give_away():
    """The attack works: on a release beside a wider one that holds it, it finds the difference."""
    nothing = {f.name: dict.fromkeys(f.values) for f in facets().values()}
    nothing["concern"]["money"] = 15
    month, quarter = Window(Month(2026, 1), Month(2026, 1)), Window(Month(2026, 1), Month(2026, 3))
    wider = {**nothing, "concern": {**nothing["concern"], "money": 30}}
    careless = [
        Release("window", month, False, {}, 50, nothing),
        Release("window", quarter, False, {}, 65, wider),
    ]
    rest = [("2026-02", "concern", "money"), ("2026-03", "concern", "money")]
    assert Attacker(careless, widened=False).range_of(rest) == (11, 19)


# ------------------------------------------------------------------ subtraction and slices


def test_no_window_can_be_subtracted_from_another(deanery):
    windows = [release.window for release in deanery.windows]
    for one, other in itertools.combinations(windows, 2):
        assert not one.overlaps(other)
    months = [m for window in windows for m in window.months()]
    assert len(months) == len(set(months))


def test_nobody_can_have_another_window_released(deanery, tmp_path):
    name = deanery.releases.names()[0]
    release = deanery.releases.read(name)
    for months in (0, 1):
        window = Window(release.window.first, release.window.first.plus(months))
        with pytest.raises(ReleaseError):
            deanery.releases.write(Release("window", window, True, {}, 50, release.tables))


def test_there_are_one_way_tables_only(deanery):
    for release in deanery.windows:
        assert set(release.tables) == set(facets())
        for facet, shown in release.tables.items():
            assert tuple(shown) == facets()[facet].values
            assert all(figure is None or isinstance(figure, int) for figure in shown.values())


def test_the_total_minus_the_parts_is_not_a_hidden_part(deanery):
    for release in deanery.windows:
        for facet in facets().values():
            figures = release.tables[facet.name].values()
            if facet.whole:
                assert all(f is None for f in figures) or None not in figures


def test_a_year_is_not_released_by_month_as_well_as_by_quarter(large):
    assert 2 <= len(large.windows) <= 6


# ------------------------------------------------------------------ again, with and without


def files(deanery: Deanery) -> dict[str, dict]:
    return {n: deanery.releases.read_signed(n)["release"] for n in deanery.releases.names()}


def test_who_is_forgotten_before_a_freeze_leaves_no_trace_in_it(tmp_path):
    """Delete and compare: the release is what it would be if they had never come."""
    visits = year_of(2_000, seed=3)
    target = visits[5].person
    with_wish = [WithWish(**vars(v)) if v.person == target else v for v in visits]
    forgotten = lived(tmp_path / "forgotten", with_wish, AFTER)
    never = lived(tmp_path / "never", [v for v in visits if v.person != target], AFTER)
    assert files(forgotten) == files(never)


class WithWish(Visit):
    """A visit that ends with the wish to be forgotten."""

    def events(self):
        """Yield the events."""
        yield from super().events()
        yield self._user("delete_my_data")
        yield self._event("reset_slots")


def test_who_is_forgotten_after_a_freeze_changes_no_byte(tmp_path):
    visits = year_of(2_000, seed=4)
    before = lived(tmp_path, visits)
    first = before.releases.names()[0]
    bytes_before = (before.releases.folder / f"{first}.json").read_bytes()
    url = f"sqlite:///{tmp_path / 'marks.db'}"
    recorder = TrendsRecorder(lambda: Marks.open(url), Counting(), lambda: f"{YEAR}-12", 3600)
    for event in WithWish(**vars(visits[0])).events():
        recorder.publish(event)
    assert recorder.write_now()
    recorder.stop()
    store = Marks.open(url)
    Freezer(store, before.releases, synthetic=True).run(AFTER)
    store.close()
    assert (before.releases.folder / f"{first}.json").read_bytes() == bytes_before


# ------------------------------------------------------------------ nobody and everybody


def test_nought_and_twelve_look_the_same(tmp_path):
    visits = [v for v in year_of(2_000, seed=5) if "money" not in v.values["concern"]]
    with_some, without = [], []
    for number, visit in enumerate(visits):
        more = number % 9 == 0 and visit.month < f"{YEAR}-07"
        values = {**visit.values, "concern": (*visit.values["concern"][:2], "money")}
        with_some.append(Visit(**{**vars(visit), "values": values}) if more else visit)
        trimmed = {**visit.values, "concern": visit.values["concern"][:2]}
        without.append(Visit(**{**vars(visit), "values": trimmed}) if more else visit)
    count = truth(with_some)
    assert 1 <= sum(n for cell, n in count.items() if cell[1:] == ("concern", "money")) <= 12
    one = lived(tmp_path / "some", with_some, AFTER)
    other = lived(tmp_path / "none", without, AFTER)
    assert files(one) == files(other)


def test_nearly_everybody_of_a_few_is_not_told():
    facet = Facet("concern", ("a", "b", "c"), 3)
    for people in range(13, 48):
        shown = table(facet, {"a": people, "b": people - 1, "c": 14}, total(people, RULES), RULES)
        for figure in shown.values():
            assert figure is None or figure <= 0.9 * total(people, RULES)


# ------------------------------------------------------------------ any deanery at all


@settings(max_examples=40, deadline=None)
@given(st.integers(200, 3_000), st.integers(0, 10_000))
def test_in_no_year_of_any_deanery_the_solver_pins_a_small_cell(trainees, seed):
    """Random years, their releases computed as the freeze would, then the solver."""
    visits = year_of(trainees, seed)
    if not visits:
        return
    window = Window(Month(YEAR, 1), Month(YEAR, 12))
    whole = Deanery(Releases(Path("none")), visits).true_count
    attacker = Attacker([released(visits, window)])
    random = Random(seed)
    cells = [
        (facet.name, value)
        for facet in facets().values()
        for value in facet.values
        if whole(window, facet.name, value) <= RULES.suppress
    ]
    for facet, value in random.sample(cells, min(4, len(cells))):
        low, high = attacker.range_of(window_cells(window, facet, value))
        assert low <= whole(window, facet, value) <= high
        assert high - low >= 5


def test_a_release_tells_no_time_but_its_months(small):
    for name in small.releases.names():
        release = small.releases.read_signed(name)["release"]
        keys = {"format", "kind", "from", "to", "synthetic", "rules", "people", "tables"}
        assert set(release) == keys


def test_a_small_deanery_has_two_releases_a_year_and_a_large_one_four(small, large):
    assert len(small.windows) == 2
    assert len(large.windows) == 4

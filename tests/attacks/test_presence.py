"""Who was it: somebody who knows everybody who came but the one they look for and five others.

They know who else came, in which month and as what each counted. Of the five they know how often
they can have come, not whether they did or as what they counted. They are certain that the one they
look for came if no deanery without them can have the release: a solver says so.

What keeps them uncertain is that one more person can have come. In a closed population, where
nobody but these six can have come and all did, exact counts always tell. Rounding leaves one case
of it: a figure in which all six count is the smallest that it can stand for.
"""

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest

from bot.paths import ROOT
from bot.trends.disclosure import Rules, total
from bot.trends.noise import geometric
from bot.trends.releases import Release
from bot.trends.synthetic import Visit
from bot.trends.windows import Month, Window
from tests.attacks.attacker import Attacker, window_cells
from tests.attacks.conftest import YEAR, released, truth, year_of

RULES = Rules()
UNKNOWN_OTHERS = 5
HALF = Window(Month(YEAR, 1), Month(YEAR, 6))

FOUND_AT_MOST = {
    ("small", f"{YEAR}-01_{YEAR}-06"): (2, 55),
    ("small", f"{YEAR}-07_{YEAR}-12"): (61, 61),
    ("large", f"{YEAR}-01_{YEAR}-03"): (86, 125),
    ("large", f"{YEAR}-04_{YEAR}-06"): (8, 102),
    ("large", f"{YEAR}-07_{YEAR}-09"): (72, 113),
    ("large", f"{YEAR}-10_{YEAR}-12"): (15, 109),
}
"""(Deanery, window) -> how many of how many people are found, if nobody but they and their five can
have come: the accepted reading in docs/trends.md, which says these numbers. More is a worsening."""


class Exact(Rules):
    """Rules under which a figure is the count: what a careless deanery would publish."""

    def low(self, figure: int) -> int:
        """Return the figure."""
        return figure

    def high(self, figure: int) -> int:
        """Return the figure."""
        return figure


def careless(visits: list[Visit], window: Window) -> Release:
    """Return a release of the true counts."""
    counts, release = truth(visits), released(visits, window)

    def whole(facet: str, value: str) -> int:
        return sum(counts[cell] for cell in window_cells(window, facet, value))

    tables = {f: {v: whole(f, v) for v in values} for f, values in release.tables.items()}
    return replace(release, people=whole("people", "any"), tables=tables)


def within(visits: Iterable[Visit], window: Window) -> list[Visit]:
    """Return the visits of a window."""
    months = {str(month) for month in window.months()}
    return [visit for visit in visits if visit.month in months]


def came(people: Iterable[str], visits: list[Visit]) -> int:
    """Return how often these came."""
    wanted = set(people)
    return sum(visit.person in wanted for visit in visits)


def is_certain(
    release: Release,
    visits: list[Visit],
    target: str,
    unknown: list[str],
    more: int = 0,
    rules: Rules = RULES,
) -> bool:
    """Whether somebody who knows all but the target and the unknown is certain of the target.

    `visits` are those of the release's window. Each of the `unknown` can have come as often as
    they did, but need not have; `more` visits of others cannot be ruled out either. Figures are
    read by `rules`.
    """
    rest = [visit for visit in visits if visit.person not in {target, *unknown}]
    known, others = truth(rest), came(unknown, visits) + more
    attacker = Attacker([release], rules=rules, widened=False)
    for facet, values in {"people": {"any": None}, **release.tables}.items():
        for value in values:
            cells = window_cells(release.window, facet, value)
            for cell in cells:
                attacker.constrain([cell], known[cell], known[cell] + others)
            least = sum(known[cell] for cell in cells)
            attacker.constrain(cells, least, least + others)
    return not attacker.possible()


def at_an_edge(release: Release, visits: list[Visit], target: str, unknown: list[str]) -> bool:
    """Whether a figure, or the total beside both channels, needs the target: by arithmetic."""
    known = truth(visit for visit in visits if visit.person not in {target, *unknown})
    others = came(unknown, visits)

    def most(facet: str, value: str) -> int:
        return sum(known[cell] for cell in window_cells(release.window, facet, value)) + others

    lows = [(most("people", "any"), RULES.low(release.people))]
    channels = list(release.tables["channel"].values())
    if None not in channels:
        lows.append((most("people", "any"), sum(RULES.low(figure) for figure in channels)))
    for facet, figures in release.tables.items():
        for value, figure in figures.items():
            if figure is not None:
                lows.append((most(facet, value), RULES.low(figure)))
    return any(without < low for without, low in lows)


def draw(visits: list[Visit], number: int, seed: int = 0) -> Iterable[tuple[str, list[str]]]:
    """Yield some who came, each with five others who came."""
    random, everybody = Random(seed), sorted({visit.person for visit in visits})
    for target in random.sample(everybody, number):
        yield target, random.sample([one for one in everybody if one != target], UNKNOWN_OTHERS)


def closed(people: int) -> list[Visit]:
    """Return the visits of a half-year to which each of so many people came once."""
    visits = within(year_of(8_000), HALF)
    once = [visit for visit in visits if came([visit.person], visits) == 1]
    return once[:people]


def test_exact_counts_would_make_them_certain_of_everybody():
    """The attack works: in a closed population, on counts that were not rounded."""
    visits = closed(60)
    release = careless(visits, HALF)
    for target, unknown in draw(visits, 12):
        assert is_certain(release, visits, target, unknown, rules=Exact())


@pytest.mark.parametrize("people", range(58, 63))
def test_rounding_leaves_a_closed_population_one_case(people):
    """All six came, nobody else can have, and all count in a figure at the end of its range."""
    visits = closed(people)
    release = released(visits, HALF)
    assert release.people == 60
    for target, unknown in draw(visits, 4):
        certain = is_certain(release, visits, target, unknown)
        assert certain == at_an_edge(release, visits, target, unknown)
        assert certain or people > RULES.low(60)


@pytest.mark.parametrize("people", range(58, 63))
def test_they_are_never_certain_if_one_more_can_have_come(people):
    """One of somebody else, or one of the five who did not come."""
    visits = closed(people)
    release = released(visits, HALF)
    for target, unknown in draw(visits, 4):
        assert not is_certain(release, visits, target, unknown, more=1)
        assert not is_certain(release, visits, target, unknown[1:], more=1)


@pytest.mark.parametrize("size", ["small", "large"])
def test_in_the_invented_years_they_are_certain_at_that_edge_only(size, request):
    """What went through the recorder and the freeze, and people who came more than once."""
    deanery = request.getfixturevalue(size)
    tried = 0
    for release in deanery.windows:
        visits = within(deanery.visits, release.window)
        for target, unknown in draw(visits, 25):
            edge = at_an_edge(release, visits, target, unknown)
            assert is_certain(release, visits, target, unknown) == edge
            assert not is_certain(release, visits, target, unknown, more=came([target], visits))
            tried += 1
    assert tried >= 50


@pytest.mark.parametrize("size", ["small", "large"])
def test_no_more_are_found_in_the_invented_years_than_is_stated(size, request):
    """Of everybody who came, each with five others; the solver finds no more than arithmetic."""
    deanery = request.getfixturevalue(size)
    told = {name: found for (of, name), found in FOUND_AT_MOST.items() if of == size}
    assert {release.name for release in deanery.windows} == set(told)
    for release in deanery.windows:
        visits = within(deanery.visits, release.window)
        everybody = len({visit.person for visit in visits})
        pairs = list(draw(visits, everybody))
        by_arithmetic = [pair for pair in pairs if at_an_edge(release, visits, *pair)]
        by_solver = sum(is_certain(release, visits, *pair) for pair in pairs[:25])
        at_most, of = told[release.name]
        assert everybody == of
        assert len(by_arithmetic) <= at_most, release.name
        assert by_solver <= sum(pair in by_arithmetic for pair in pairs[:25]), release.name


def test_the_document_states_how_many_are_found():
    text = (ROOT / "docs" / "trends.md").read_text(encoding="utf-8")
    rows = {
        ("small", "2,000"): ("January–June", "July–December"),
        ("large", "8,000"): ("January–March", "April–June", "July–September", "October–December"),
    }
    for (size, trainees), names in rows.items():
        found = [each for (of, _), each in FOUND_AT_MOST.items() if of == size]
        for name, (at_most, of) in zip(names, found, strict=True):
            assert f"| {trainees} | {name} | {at_most} of {of} | 0 |" in text


def test_a_figure_at_the_other_end_tells_that_none_of_the_six_came():
    """The limit that docs/trends.md states: 62 who are known, and a total of 60."""
    visits = closed(62)
    attacker = Attacker([released(visits, HALF)], widened=False)
    cells, known = window_cells(HALF, "people", "any"), truth(visits)
    for cell in cells:
        attacker.constrain([cell], known[cell], known[cell] + UNKNOWN_OTHERS + 1)
    assert attacker.range_of(cells) == (62, 62)


def test_in_most_closed_populations_rounding_keeps_them_uncertain():
    """About three in ten are found, where exact counts would tell of every one."""
    found = []
    for seed in range(20):
        visits = within(year_of(2_000, seed), HALF)
        release = released(visits, HALF)
        for target, unknown in draw(visits, 10, seed):
            found.append(at_an_edge(release, visits, target, unknown))
    assert len(found) / 10 < sum(found) < len(found) / 2


def test_somebody_who_knows_all_others_can_win():
    """The limit that docs/trends.md states."""
    visits = closed(58)
    release = released(visits, HALF)
    assert all(is_certain(release, visits, target, []) for target, _ in draw(visits, 6))


@pytest.mark.parametrize("step", [5, 7, 9, 15, 25])
def test_no_rounding_takes_the_edge_away(step):
    """Wherever a range ends, somebody can know of all below it. So it is stated, not mended."""
    rules = Rules(suppress=step + step // 2, nearest=step, percent_from=50)
    edges = [n for n in range(20, 120) if total(n, rules) != total(n - 1, rules)]
    assert edges
    for people in edges:
        shown = total(people, rules)
        known = people - 1 - UNKNOWN_OTHERS
        without = {total(known + others, rules) for others in range(UNKNOWN_OTHERS + 1)}
        assert shown not in without


def test_noise_has_no_edge():
    """With noise the figure at the edge is also what one person fewer can give."""
    noisy = geometric(0.5)
    with_them = {total(noisy(58), RULES) for _ in range(300)}
    without = {total(noisy(57), RULES) for _ in range(300)}
    assert {55, 60} <= with_them & without

"""Padding: somebody holds fake chats about a thing until its figure is where hiding ends.

Fakes are the attacker's own, so the solver knows them. What they find is how many real people a
small count has, not who these are.
"""

from dataclasses import replace

import pytest

from bot.trends.disclosure import Rules, total
from bot.trends.noise import geometric
from bot.trends.synthetic import Visit
from bot.trends.windows import Month, Window
from tests.attacks.attacker import Attacker, window_cells
from tests.attacks.conftest import YEAR, lived, released, truth, year_of

RULES = Rules()
HALF = Window(Month(YEAR, 1), Month(YEAR, 6))
FACET, VALUE = "concern", "money"
AT = (f"{YEAR}-03", FACET, VALUE)


def nobody_about_it() -> list[Visit]:
    """Return the visits of a half-year in which nobody brought the concern."""
    visits = [v for v in year_of(4_000) if v.month <= str(HALF.last)]
    return [v for v in visits if VALUE not in v.values[FACET]]


def about_it(number: int, who: str) -> list[Visit]:
    """Return so many visits that bring the concern."""
    nothing = dict.fromkeys(("stage", "pattern", "question", "way", "grade", "specialty"), ())
    values = {**nothing, FACET: (VALUE,)}
    return [Visit(AT[0], f"{who} {n}", "web", values, False) for n in range(number)]


def found(real: int, fakes: int) -> tuple[int, int]:
    """Return between what numbers somebody with so many fakes finds the real ones to be.

    As elsewhere the solver has an oracle that names hidden values that are small ones: whoever
    knows the rules can mostly tell.
    """
    visits = [*nobody_about_it(), *about_it(real, "real"), *about_it(fakes, "fake")]
    release = released(visits, HALF)
    counts = truth(visits)
    attacker = Attacker(
        [release], lambda cells: sum(counts[c] for c in cells) <= RULES.suppress, widened=False
    )
    others = [cell for cell in window_cells(HALF, FACET, VALUE) if cell != AT]
    attacker.know(dict.fromkeys(others, 0))
    padded = attacker.pad({AT: fakes})
    low, high = attacker.range_of([padded[AT]])
    assert low <= real <= high
    return low, high


@pytest.mark.parametrize("real", [0, 1, 3, 5, 12])
def test_without_fakes_a_small_count_stays_hidden(real):
    assert found(real, 0) == (0, 12)


@pytest.mark.parametrize(
    ("real", "fakes", "told"),
    [
        (0, 12, (0, 0)),
        (1, 12, (1, 5)),
        (5, 12, (1, 5)),
        (6, 12, (6, 10)),
        (3, 10, (3, 7)),
        (2, 10, (0, 2)),
        (4, 5, (0, 7)),
    ],
)
def test_twelve_fakes_tell_whether_there_is_anybody(real, fakes, told):
    """The limit that docs/trends.md states: fakes open a small count to a range of five or less."""
    assert found(real, fakes) == told


def test_fakes_do_not_tell_which_of_those_who_can_have_brought_it_did():
    """Twelve fakes and a published 15: with the target, or with one other instead of them."""
    fakes, rest = about_it(12, "fake"), nobody_about_it()
    with_target = released([*rest, *fakes, *about_it(1, "target")], HALF)
    with_another = released([*rest, *fakes, *about_it(1, "another")], HALF)
    assert with_target == with_another
    assert with_target.tables[FACET][VALUE] == 15


def test_a_window_answers_once(tmp_path):
    """Fakes have to be there before it ends: one more afterwards changes nothing of its release."""
    visits = [v for v in year_of(2_000) if VALUE not in v.values[FACET]]
    visits += [*about_it(1, "real"), *about_it(11, "fake")]
    late = [replace(one, month=str(HALF.last.plus(1))) for one in about_it(12, "late")]
    once = lived(tmp_path / "once", visits).releases
    again = lived(tmp_path / "again", [*visits, *late]).releases
    assert once.read(str(HALF)) == again.read(str(HALF))
    assert again.read(str(HALF)).tables[FACET][VALUE] is None


def test_with_noise_twelve_fakes_do_not_tell_nobody_from_somebody():
    noisy = geometric(0.5)
    nobody = {total(noisy(12), RULES) for _ in range(300)}
    somebody = {total(noisy(13), RULES) for _ in range(300)}
    assert {None, 15} <= nobody & somebody

"""Change between two windows: stated only where it exceeds what rounding can explain."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from bot.dashboard.names import value_name
from bot.dashboard.picture import rules_of
from bot.trends.disclosure import Rules
from bot.trends.releases import Release

USUAL_CHANCE = 1.96
"""Standard errors within which two shares of equal things differ nineteen times in twenty."""


@dataclass(frozen=True)
class Change:
    """A share that rose or fell by at least `least` points, whatever the true counts are."""

    name: str
    rose: bool
    least: int
    beyond_chance: bool
    """Whether it also exceeds what chance usually does between people of two windows."""


@dataclass(frozen=True)
class Comparison:
    """What can be said of one facet."""

    facet: str
    changes: tuple[Change, ...]
    compared: int
    """Values that are shown in both windows."""


def compare(before: Release, after: Release, facet: str) -> Comparison:
    """Compare the shares of one facet. Windows differ in length, so counts are not compared."""
    changes, compared = [], 0
    for value, figure in after.tables.get(facet, {}).items():
        earlier = before.tables.get(facet, {}).get(value)
        if figure is None or earlier is None or not before.people or not after.people:
            continue
        compared += 1
        old = _share(earlier, before.people, rules_of(before))
        new = _share(figure, after.people, rules_of(after))
        apart = new[0] - old[1] if new[0] > old[1] else old[0] - new[1]
        if apart <= 0:
            continue
        chance = _chance(old, before.people) + _chance(new, after.people)
        changes.append(
            Change(
                name=value_name(facet, value),
                rose=new[0] > old[1],
                least=max(1, int(100 * apart)),
                beyond_chance=apart > USUAL_CHANCE * sqrt(chance),
            )
        )
    changes.sort(key=lambda change: (-change.least, change.name))
    return Comparison(facet, tuple(changes), compared)


def _share(figure: int, people: int, rules: Rules) -> tuple[float, float]:
    """Return the smallest and the largest share that the two figures can stand for."""
    low = rules.low(figure) / rules.high(people)
    high = min(1.0, rules.high(figure) / rules.low(people))
    return low, high


def _chance(share: tuple[float, float], people: int) -> float:
    """Return the variance of a share between people like these, at its largest."""
    nearest_to_half = min(max(0.5, share[0]), share[1])
    return nearest_to_half * (1 - nearest_to_half) / people

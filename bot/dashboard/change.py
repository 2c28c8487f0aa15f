"""Change between two windows: stated only where it exceeds what rounding and noise can explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from bot.dashboard.names import facet_names
from bot.dashboard.picture import Meaning, Row, meaning_of, picture
from bot.trends.releases import Release

USUAL_CHANCE = 1.96
"""Standard errors within which two shares of equal things differ nineteen times in twenty."""


@dataclass(frozen=True)
class Change:
    """A share that rose or fell by at least `least` points, whatever the true counts are.

    With noise that is so where no figure was moved further than noise does 19 times in 20.
    """

    rose: bool
    least: int
    beyond_chance: bool
    """Whether it also exceeds what chance usually does between people of two windows."""


@dataclass(frozen=True)
class Line:
    """One value through the windows."""

    name: str
    rows: tuple[Row | None, ...]
    """Its figure in each window; None in a release that did not count it."""
    comparable: bool
    """Whether it is shown in both windows that are compared."""
    change: Change | None
    """What can be said of it; None if rounding and noise can explain all."""


@dataclass(frozen=True)
class Comparison:
    """One facet through the windows: the lines with a figure, and the names of the others."""

    title: str
    column: str
    lines: tuple[Line, ...]
    unseen: tuple[str, ...]

    @property
    def beyond_chance(self) -> tuple[Line, ...]:
        """The lines that changed by more than rounding, noise and chance explain."""
        return tuple(line for line in self.lines if line.change and line.change.beyond_chance)


def compare(
    before: Release, after: Release, facet: str, beside: Sequence[Release] = ()
) -> Comparison:
    """Compare the shares of one facet. Windows differ in length, so counts are not compared.

    Args:
        before: the earlier window.
        after: the later window; its values, in its order, are the lines.
        facet: a table of the later window.
        beside: windows whose figures stand in the lines, in this order.
    """
    columns = [_rows(release, facet) for release in beside]
    earlier = _rows(before, facet)
    lines, unseen = [], []
    for row in picture(after, facet).rows:
        shown = tuple(rows.get(row.name) for rows in columns)
        was = earlier[row.name].people if row.name in earlier else None
        comparable = None not in (was, row.people, before.people, after.people)
        if comparable or any(one is not None and one.people is not None for one in shown):
            change = _change(before, after, was, row.people)
            lines.append(Line(row.name, shown, comparable, change))
        else:
            unseen.append(row.name)
    named = facet_names(facet)
    return Comparison(named["title"], named["column"], tuple(lines), tuple(unseen))


def _rows(release: Release, facet: str) -> dict[str, Row]:
    return {r.name: r for r in picture(release, facet).rows} if facet in release.tables else {}


def _change(before: Release, after: Release, was: int | None, now: int | None) -> Change | None:
    """Return what two figures say, if both are shown and rounding and noise do not explain all."""
    if was is None or now is None or not before.people or not after.people:
        return None
    old = _share(was, before.people, meaning_of(before))
    new = _share(now, after.people, meaning_of(after))
    apart = new[0] - old[1] if new[0] > old[1] else old[0] - new[1]
    if apart <= 0:
        return None
    chance = _chance(old, before.people) + _chance(new, after.people)
    return Change(
        rose=new[0] > old[1],
        least=max(1, int(100 * apart)),
        beyond_chance=apart > USUAL_CHANCE * sqrt(chance),
    )


def _share(figure: int, people: int, means: Meaning) -> tuple[float, float]:
    """Return the smallest and the largest share that the two figures can stand for."""
    low = means.low(figure) / means.high(people)
    high = min(1.0, means.high(figure) / max(1, means.low(people)))
    return low, high


def _chance(share: tuple[float, float], people: int) -> float:
    """Return the variance of a share between people like these, at its largest."""
    nearest_to_half = min(max(0.5, share[0]), share[1])
    return nearest_to_half * (1 - nearest_to_half) / people

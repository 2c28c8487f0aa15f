"""Disclosure control: from counts of people to figures that tell about nobody. Pure functions.

The rules, with the reasons and the attacks they answer, are in docs/trends.md. In short:

* A count of `suppress` or fewer, zero included, is not shown; others are rounded to the nearest
  five. The bounds of hidden and shown figures meet, so that rounding never tells more.
* The total is rounded on its own.
* Values that are parts of a total are shown whole or not at all.
* Where exactly one value would be hidden, the next smallest is hidden with it.
* Where what is shown would bound what is hidden, nothing is shown.
* What nearly everybody of a small number said is not shown, as a share or as a count.

Whatever is decided after the first rule depends on figures that are published, so that knowing
these rules tells nobody more than the figures do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.trends.vocabulary import Facet

ALIGNED = (7, 12)
"""Possible values of `suppress`: the next count up is the lowest of those rounded alike."""

Counts = Mapping[str, int]
Figures = dict[str, int | None]
"""Value -> people as published; None is not shown."""


class RulesError(ValueError):
    """Rules that would let a rounded figure tell the exact one."""


@dataclass(frozen=True)
class Rules:
    """The settings of disclosure control; those that are not bin-aligned cannot be made.

    `nearest` is what counts are rounded to. `percent_from` is the number of people from which
    shares are given, to the nearest `percent_step` points. Of fewer than `small`, a share above
    `nearly_all` is not shown.
    """

    suppress: int = 12
    nearest: int = 5
    percent_from: int = 25
    percent_step: int = 5
    small: int = 50
    nearly_all: float = 0.9

    def __post_init__(self) -> None:
        half = self.nearest // 2
        if self.nearest < 5 or self.nearest % 2 == 0:
            raise RulesError(f"nearest is {self.nearest}; it must be odd, and at least 5")
        if self.suppress < 7 or (self.suppress - half) % self.nearest:
            raise RulesError(
                f"suppress is {self.suppress}; with rounding to {self.nearest} it must be one of"
                f" {', '.join(str(n) for n in aligned(self.nearest))}: others let a rounded"
                " figure tell the exact one"
            )
        if self.percent_from <= self.suppress or self.percent_step < 5:
            raise RulesError("percentages need more people than are hidden, and 5 points or more")
        if not 0 < self.nearly_all <= 0.9 or self.small < 50:
            raise RulesError("nearly_all must be at most 0.9, and small at least 50")

    def rounded(self, count: int) -> int:
        """Return `count` to the nearest multiple."""
        return (count + self.nearest // 2) // self.nearest * self.nearest

    def low(self, figure: int) -> int:
        """Return the smallest count that is published as `figure`."""
        return figure - self.nearest // 2

    def high(self, figure: int) -> int:
        """Return the largest count that is published as `figure`."""
        return figure + self.nearest // 2


@dataclass(frozen=True)
class YearlyRules:
    """The rules for what is counted once a year over everybody: the help card."""

    suppress: int = 14
    nearest: int = 10

    def figure(self, count: int) -> int | None:
        """Return the count as published."""
        if count <= self.suppress:
            return None
        return (count + self.nearest // 2) // self.nearest * self.nearest


def aligned(nearest: int = 5) -> tuple[int, ...]:
    """Return the settings of `suppress` that meet the lowest figure shown, up to twenty."""
    return tuple(n for n in range(7, 21) if (n - nearest // 2) % nearest == 0)


def total(people: int, rules: Rules) -> int | None:
    """Return the number of people as published."""
    return None if people <= rules.suppress else rules.rounded(people)


def primary(counts: Counts, rules: Rules) -> Figures:
    """Return what each count alone may be published as: small ones hidden, others rounded."""
    return {value: total(count, rules) for value, count in counts.items()}


def table(facet: Facet, counts: Counts, people: int | None, rules: Rules) -> Figures:
    """Return the figures of one facet's table.

    Args:
        facet: every value of it is in the table, whether or not it was ever counted.
        counts: value -> people.
        people: the number of people as published; without one, nothing is shown.
        rules: the rules.
    """
    nothing: Figures = dict.fromkeys(facet.values)
    if people is None:
        return nothing
    figures = primary({value: counts.get(value, 0) for value in facet.values}, rules)
    hidden = [value for value, figure in figures.items() if figure is None]
    if facet.whole:
        return nothing if hidden else figures
    if hidden and _bounds_what_is_hidden(facet, figures, people, rules):
        return nothing
    for value in facet.values:
        if _nearly_all(figures[value], people, rules):
            figures[value] = None
            hidden.append(value)
    if len(hidden) == 1:
        shown = [value for value in facet.values if figures[value] is not None]
        if shown:
            figures[min(shown, key=lambda value: figures[value] or 0)] = None
    return figures


def percent(figure: int | None, people: int | None, rules: Rules) -> int | None:
    """Return a published figure as a share of the published number of people, in points."""
    if figure is None or people is None or people < rules.percent_from:
        return None
    step = rules.percent_step
    share = min(100, int(100 * figure / people / step + 0.5) * step)
    return None if people < rules.small and share > 100 * rules.nearly_all else share


def _nearly_all(figure: int | None, people: int, rules: Rules) -> bool:
    return figure is not None and people < rules.small and figure > rules.nearly_all * people


def _bounds_what_is_hidden(facet: Facet, figures: Figures, people: int, rules: Rules) -> bool:
    """Whether the figures shown leave less room for a hidden count than hiding promises.

    One person counts in at most `facet.most` values, so all counts together are at most that
    many times the people.
    """
    shown = sum(rules.low(figure) for figure in figures.values() if figure is not None)
    return facet.most * rules.high(people) - shown < rules.suppress

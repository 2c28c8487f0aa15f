"""A release as the dashboard shows it: one set of rows for table, chart and CSV alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from bot.dashboard.names import NOT_SHOWN, facet_names, value_name, value_order, window_name
from bot.trends.disclosure import Rules, percent
from bot.trends.noise import usual_reach
from bot.trends.releases import HELP_CARD_YEAR, Release
from bot.trends.vocabulary import ANYBODY, HELP_CARD, facets

ENOUGH_ROWS, MOST_ROWS = 3, 6
"""Rows of one facet in the headlines of a release."""


@dataclass(frozen=True)
class Row:
    """One value: people and share as they are printed everywhere."""

    name: str
    people: int | None
    share: int | None

    @property
    def people_shown(self) -> str:
        """The number of people, or that it is not shown."""
        return NOT_SHOWN if self.people is None else str(self.people)

    @property
    def share_shown(self) -> str:
        """The share in per cent, or that it is not shown."""
        return NOT_SHOWN if self.share is None else f"{self.share}%"


@dataclass(frozen=True)
class Picture:
    """One facet of a release."""

    facet: str
    title: str
    column: str
    """What one row of the table is called."""
    question: str
    help: str
    use: str
    """What a reader can decide with it."""
    rows: tuple[Row, ...]
    people: int | None
    whole: bool
    """Whether the rows are parts of everybody, shown together or not at all."""
    shares: bool
    """Whether any share is shown, so that a column for them is of use."""

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows with a figure."""
        return tuple(row for row in self.rows if row.people is not None)

    @property
    def hidden(self) -> tuple[Row, ...]:
        """The rows without one."""
        return tuple(row for row in self.rows if row.people is None)

    def csv(self, about: Release) -> str:
        """Return the table as a CSV file, with the window it is of."""
        text = io.StringIO()
        out = csv.writer(text, lineterminator="\r\n")
        out.writerow(["period", "value", "people", "share of people"])
        where = _where(about)
        out.writerow([where, "Everybody", everybody(about), ""])
        for row in self.rows:
            out.writerow([where, row.name, row.people_shown, row.share_shown])
        return text.getvalue()


def rules_of(release: Release) -> Rules:
    """Return the rules that a release was made with."""
    known = {field.name for field in fields(Rules)}
    return Rules(**{k: v for k, v in release.rules.items() if k in known})


@dataclass(frozen=True)
class Meaning:
    """What counts a figure of one release can stand for: always, or with noise 19 times in 20."""

    rules: Rules
    epsilon: float

    @property
    def reach(self) -> int:
        """How far noise usually moved a count before it was rounded; 0 without noise."""
        return usual_reach(self.epsilon)

    def low(self, figure: int) -> int:
        """Return the smallest count."""
        return max(0, self.rules.low(figure) - self.reach)

    def high(self, figure: int) -> int:
        """Return the largest count."""
        return self.rules.high(figure) + self.reach

    @property
    def alike(self) -> int:
        """How far apart two figures can be although the counts stand the other way round."""
        return self.rules.nearest - 1 + 2 * self.reach


def meaning_of(release: Release) -> Meaning:
    """Return what the figures of a release can stand for."""
    return Meaning(rules_of(release), release.rules.get("epsilon", 0))


def everybody(release: Release) -> str:
    """Return the number of people as printed."""
    return NOT_SHOWN if release.people is None else str(release.people)


def picture(release: Release, facet: str) -> Picture:
    """Return one facet of a release, most people first or in an order of its own (names.yml).

    What is hidden comes last.
    """
    rules = rules_of(release)
    figures: Mapping[str, int | None] = release.tables[facet]
    rows = [
        Row(value_name(facet, value), figure, percent(figure, release.people, rules))
        for value, figure in figures.items()
    ]
    named: Mapping[str, Any] = facet_names(facet)
    place = {name: at for at, name in enumerate(value_order(facet))} if named["ordered"] else {}
    rows.sort(
        key=lambda row: (row.people is None, place.get(row.name, -(row.people or 0)), row.name)
    )
    return Picture(
        facet=facet,
        title=named["title"],
        column=named["column"],
        question=named["question"],
        help=named["help"],
        use=named["use"],
        rows=tuple(rows),
        people=release.people,
        whole=facet in facets() and facets()[facet].whole,
        shares=any(row.share is not None for row in rows),
    )


def pictures(release: Release) -> list[Picture]:
    """Return every facet that has values, in the order of the release."""
    return [picture(release, facet) for facet in release.tables if release.tables[facet]]


def everything(releases: Sequence[Release]) -> str:
    """Return every figure of every release as one CSV file."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(["period", "months", "table", "value", "people", "share of people"])
    for release in releases:
        where, months = _where(release), len(release.window.months())
        if release.kind == HELP_CARD_YEAR:
            out.writerow([where, months, *_card(release), ""])
            continue
        out.writerow([where, months, "Everybody", "Everybody", everybody(release), ""])
        for one in pictures(release):
            for row in one.rows:
                out.writerow(
                    [where, months, one.title, row.name, row.people_shown, row.share_shown]
                )
    return text.getvalue()


def card_csv(release: Release) -> str:
    """Return a year's number of help cards as a CSV file."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(["period", "table", "value", "people"])
    out.writerow([_where(release), *_card(release)])
    return text.getvalue()


def card_figure(release: Release) -> str:
    """Return to how many people the help card was shown in a year, as printed."""
    figure = release.tables[HELP_CARD][ANYBODY]
    return NOT_SHOWN if figure is None else str(figure)


def headline(release: Release) -> list[tuple[str, tuple[Row, ...]]]:
    """Return title and leading rows of the facets that a reader starts with, if any are shown."""
    found = []
    for facet in ("concern", "pattern", "question"):
        if facet in release.tables:
            one = picture(release, facet)
            if one.shown:
                found.append((one.title, leading(one.shown)))
    return found


def leading(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows of the highest figures, all that share a figure or none of them.

    Rounding and chance leave no single first: one row alone would be read as one. So it goes on
    until there are `ENOUGH_ROWS`, and leaves out a figure that would make them more than
    `MOST_ROWS`.
    """
    found: list[Row] = []
    for figure in sorted({row.people or 0 for row in rows}, reverse=True):
        alike = [row for row in rows if row.people == figure]
        if found and (len(found) >= ENOUGH_ROWS or len(found) + len(alike) > MOST_ROWS):
            break
        found += alike
    return tuple(found)


def _card(release: Release) -> tuple[str, str, str]:
    named = facet_names(HELP_CARD)
    return named["title"], named["column"], card_figure(release)


def _where(release: Release) -> str:
    return window_name(release.window) + (" (synthetic)" if release.synthetic else "")

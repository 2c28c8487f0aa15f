"""A release as the dashboard shows it: one set of rows for table, chart and CSV alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from bot.dashboard.names import NOT_SHOWN, facet_names, value_name, window_name
from bot.trends.disclosure import Rules, percent
from bot.trends.releases import Release


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
    question: str
    help: str
    rows: tuple[Row, ...]
    people: int | None
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
        out.writerow(["window", "value", "people", "share of people"])
        where = window_name(about.window)
        if about.synthetic:
            where += " (synthetic)"
        out.writerow([where, "Everybody", everybody(about), ""])
        for row in self.rows:
            out.writerow([where, row.name, row.people_shown, row.share_shown])
        return text.getvalue()


def rules_of(release: Release) -> Rules:
    """Return the rules that a release was made with."""
    known = {field.name for field in fields(Rules)}
    return Rules(**{k: v for k, v in release.rules.items() if k in known})


def everybody(release: Release) -> str:
    """Return the number of people as printed."""
    return NOT_SHOWN if release.people is None else str(release.people)


def picture(release: Release, facet: str) -> Picture:
    """Return one facet of a release, most people first; what is hidden comes last, by name."""
    rules = rules_of(release)
    figures: Mapping[str, int | None] = release.tables[facet]
    rows = [
        Row(value_name(facet, value), figure, percent(figure, release.people, rules))
        for value, figure in figures.items()
    ]
    rows.sort(key=lambda row: (row.people is None, -(row.people or 0), row.name))
    named: Mapping[str, Any] = facet_names(facet)
    return Picture(
        facet=facet,
        title=named["title"],
        question=named["question"],
        help=named["help"],
        rows=tuple(rows),
        people=release.people,
        shares=any(row.share is not None for row in rows),
    )


def pictures(release: Release) -> list[Picture]:
    """Return every facet that has values, in the order of the release."""
    return [picture(release, facet) for facet in release.tables if release.tables[facet]]


def headline(release: Release) -> list[tuple[str, Row]]:
    """Return for the facets that a reader starts with the value of most people, if shown."""
    found = []
    for facet in ("concern", "pattern", "question"):
        if facet in release.tables:
            one = picture(release, facet)
            if one.shown:
                found.append((one.title, one.shown[0]))
    return found

"""What facets, values and windows are called on the dashboard; the names are in `names.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.taxonomy import taxonomy
from bot.trends.windows import Month, Window

NAMES = Path(__file__).with_name("names.yml")

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

NOT_SHOWN = "not shown"
"""What stands for a figure that is hidden, in table, chart and CSV."""


@cache
def names() -> Mapping[str, Any]:
    """Return the names of facets and values."""
    with NAMES.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


def facet_names(facet: str) -> Mapping[str, Any]:
    """Return a facet's title, column, question, help and use, and whether its values are ordered.

    A release can hold a facet that is no longer counted: its own name has to do.
    """
    unknown = {"title": facet, "column": facet, "question": facet, "help": "", "use": ""}
    return {"ordered": False, **(names()["facets"].get(facet) or unknown)}


def value_name(facet: str, value: str) -> str:
    """Return what a value is called; a group of `trends.yml` by its own name."""
    return (names()["values"].get(facet) or {}).get(value) or value.replace("_", " ").capitalize()


def value_order(facet: str) -> list[str]:
    """Return what the values of a facet are called, in the order of `names.yml`."""
    return list((names()["values"].get(facet) or {}).values())


def meanings(facet: str) -> list[tuple[str, str]]:
    """Return name and meaning of a facet's values; none where the names say it all."""
    found = names()["meanings"].get(facet) or taxonomy().get(facet) or {}
    return [(value_name(facet, value), meaning) for value, meaning in found.items()]


def day_name(day: date) -> str:
    """Return a day such as 7 May 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def inbox_name(kind: str, value: str | int) -> str:
    """Return what a state, a size or a choice of a ticket is called in the inbox."""
    name = names()["inbox"][kind].get(value)
    return str(value).replace("_", " ").capitalize() if name is None else str(name)


def month_name(month: Month) -> str:
    """Return a month such as May 2026."""
    return f"{MONTHS[month.number - 1]} {month.year}"


def window_name(window: Window) -> str:
    """Return a window such as April to June 2026."""
    if window.first == window.last:
        return month_name(window.first)
    if window.first.year == window.last.year:
        return f"{MONTHS[window.first.number - 1]} to {month_name(window.last)}"
    return f"{month_name(window.first)} to {month_name(window.last)}"

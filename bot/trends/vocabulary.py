"""What may be counted: facets and their values, all known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml

from bot.nlu.taxonomy import labels
from bot.paths import DOMAIN
from bot.trends.groups import groups

PEOPLE = "people"
"""The facet that counts each contributor once."""

ANYBODY = "any"
"""The only value of a facet that has no values of its own."""

HELP_CARD = "help_card"
"""The facet of those to whom the crisis or help card was shown; released once a year."""

CHANNELS = ("web", "telegram")
"""Channels whose conversations are counted; a terminal, a test or a warm-up is not."""

WAYS = ("listened", "asked_about_unit", "saw_contact", "took_message", "said_not_now")
"""How far somebody went."""

NOT_COUNTED = ("ask_to_repeat", "ask_what_to_do", "ask_about")
"""Questions about the conversation itself."""

MOST = 3
"""Values of one facet that one contributor counts in, in a period."""


@dataclass(frozen=True)
class Facet:
    """Something counted, as one table of a release.

    `most` is the number of values one contributor can count in. `whole` says that a table is
    shown whole or not at all, because its values are parts of a total: a hidden part could be
    found by subtraction.
    """

    name: str
    values: tuple[str, ...]
    most: int

    @property
    def whole(self) -> bool:
        """Whether the values are parts of a total."""
        return self.most == 1


@cache
def facets() -> dict[str, Facet]:
    """Return name -> facet of the tables of a window's release, in the order they are shown."""
    found = (
        Facet("concern", labels("concern"), MOST),
        Facet("stage", labels("stage"), MOST),
        Facet("pattern", labels("pattern"), MOST),
        Facet("question", questions(), MOST),
        Facet("way", WAYS, len(WAYS)),
        Facet("channel", CHANNELS, 1),
        Facet("grade", tuple(groups().grade), 1),
        Facet("specialty", tuple(groups().specialty), 1),
    )
    return {facet.name: facet for facet in found if facet.values}


@cache
def questions() -> tuple[str, ...]:
    """Return the intents that ask something about the unit, support or the assistant."""
    with (DOMAIN / "intents.yml").open(encoding="utf-8") as file:
        intents = yaml.safe_load(file)["intents"]
    names = [name if isinstance(name, str) else next(iter(name)) for name in intents]
    return tuple(n for n in names if n.startswith("ask_") and n not in NOT_COUNTED)


@cache
def every_mark() -> tuple[tuple[str, str], ...]:
    """Return each (facet, value) that can be marked."""
    tables = [(facet.name, value) for facet in facets().values() for value in facet.values]
    return ((PEOPLE, ANYBODY), (HELP_CARD, ANYBODY), *tables)

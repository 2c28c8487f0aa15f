"""An invented year of a small deanery, recorded and released as a real one would be."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from random import Random

import pytest

from bot.trends.disclosure import Rules, table, total
from bot.trends.living import live_through
from bot.trends.releases import HELP_CARD_YEAR, Release, Releases
from bot.trends.synthetic import Visit, synthetic_year
from bot.trends.vocabulary import facets
from bot.trends.windows import Window
from tests.populations import population

YEAR = 2026


@dataclass
class Deanery:
    """What was released, and the truth that nobody may find out."""

    releases: Releases
    visits: list[Visit]

    @property
    def windows(self) -> list[Release]:
        """The releases of windows."""
        return self.releases.all()

    @property
    def everything(self) -> list[Release]:
        """All releases: those of windows, and the yearly ones of the help card."""
        return [*self.windows, *self.releases.all(HELP_CARD_YEAR)]

    def cards(self, year: int) -> int:
        """Return in how many conversations the help card was shown in a year."""
        return sum(v.card for v in self.visits if v.month.startswith(str(year)))

    def true_count(self, window: Window, facet: str, value: str) -> int:
        """Return how many people a cell really has."""
        return sum(self.truth[str(month), facet, value] for month in window.months())

    @cached_property
    def truth(self) -> Counter:
        """The true counts."""
        return truth(self.visits)


def truth(visits: Iterable[Visit]) -> Counter:
    """Return (month, facet, value) -> people."""
    found: Counter = Counter()
    for visit in visits:
        found[visit.month, "people", "any"] += 1
        found[visit.month, "channel", visit.channel] += 1
        ways = set(visit.values["way"])
        about = ("ask_what_is_psu", "ask_how_to_contact", "ask_first_contact", "ask_who_is_told")
        more = ("ask_need_to_be_ill", "ask_cost", "ask_how_soon", "ask_does_it_help")
        if set(visit.values["question"]) & {*about, *more}:
            ways.add("asked_about_unit")
        for facet, values in {**visit.values, "way": tuple(ways)}.items():
            for value in values:
                found[visit.month, facet, value] += 1
    return found


def lived(folder: Path, visits: list[Visit], until: date | None = None) -> Deanery:
    """Record the visits and release as the days go by, from the first month to the last."""
    last = date.fromisoformat(f"{max(visit.month for visit in visits)}-28")
    return Deanery(live_through(visits, folder, until or last), visits)


def released(visits: Iterable[Visit], window: Window, rules: Rules | None = None) -> Release:
    """Return the release of a window as a freeze would compute it, without recorder and files."""
    rules = rules or Rules()
    counts = truth(visits)

    def whole(facet: str, value: str) -> int:
        return sum(counts[str(month), facet, value] for month in window.months())

    people = total(whole("people", "any"), rules)
    tables = {
        facet.name: table(facet, {v: whole(facet.name, v) for v in facet.values}, people, rules)
        for facet in facets().values()
    }
    return Release("window", window, True, {}, people, tables)


def year_of(trainees: int, seed: int = 1) -> list[Visit]:
    """Return the visits of an invented year."""
    return list(synthetic_year(trainees, 0.05, YEAR, Random(seed)))


@pytest.fixture(scope="package", autouse=True)
def counted_groups(tmp_path_factory):
    """Count grades and specialties too, of a deanery that knows their numbers."""
    with population(tmp_path_factory.mktemp("population") / "trends.yml"):
        assert {"grade", "specialty"} <= set(facets())
        yield


@pytest.fixture(scope="package")
def small(tmp_path_factory, counted_groups) -> Deanery:
    """Return a deanery of 2,000 trainees after its year."""
    return lived(tmp_path_factory.mktemp("small"), year_of(2_000), date(YEAR + 1, 12, 31))


@pytest.fixture(scope="package")
def large(tmp_path_factory, counted_groups) -> Deanery:
    """Return a deanery of 8,000 trainees after its year."""
    return lived(tmp_path_factory.mktemp("large"), year_of(8_000), date(YEAR + 1, 12, 31))

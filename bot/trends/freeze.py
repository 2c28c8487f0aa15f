"""Freezing: marks become a release and are destroyed. Safe to repeat, to kill and to run late.

The order is what makes it safe. First the release is written, whole or not at all; then the
window's marks are deleted and its periods closed, in one transaction. Killed between the two,
the next run finds the release and only deletes: nothing is counted or drawn a second time. Every
run ends by writing the table of marks anew, so that nothing deleted is left in the files.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path

from bot.trends.disclosure import Counts, Rules, YearlyRules, table, total
from bot.trends.marks import Marks
from bot.trends.noise import noise_of
from bot.trends.releases import HELP_CARD_YEAR, WINDOW, Release, ReleaseError, Releases
from bot.trends.vocabulary import ANYBODY, HELP_CARD, PEOPLE, facets
from bot.trends.windows import Month, Window, next_window


class FreezeBusyError(RuntimeError):
    """Another process is freezing."""


class Freezer:
    """Freezes what is due, from a store of marks into a folder of releases."""

    def __init__(
        self,
        marks: Marks,
        releases: Releases,
        rules: Rules | None = None,
        epsilon: float = 0.0,
        synthetic: bool = False,
    ) -> None:
        """Use `rules`; `epsilon` above 0 adds noise to each count, once."""
        self._marks = marks
        self._releases = releases
        self._rules = rules or Rules()
        self._epsilon = epsilon
        self._noise = noise_of(epsilon)
        self._synthetic = synthetic

    def run(self, today: date) -> list[str]:
        """Freeze everything that is due; return the names of the releases that were written.

        Raises:
            FreezeBusyError: if another process is freezing.
            ReleaseError: if a release cannot be written or an earlier one cannot be trusted.
        """
        with _alone(self._releases.folder):
            self._releases.sweep()
            self._finish_interrupted()
            written = []
            for release in self._due(today):
                self._releases.write(release)
                self._destroy(release)
                written.append(release.name)
            self._marks.compact()  # each time: an earlier run may have been killed before it could
            return written

    def _due(self, today: date) -> Iterator[Release]:
        began = self._marks.began()
        if began is None:
            return
        while True:
            done = [release.window.last for release in self._releases.all(WINDOW)]
            first = max(done).plus(1) if done else Month.of(began)
            window = next_window(first, self._people, today)
            if window is None:
                break
            yield self._release(window)
        done_years = {release.window.first.year for release in self._releases.all(HELP_CARD_YEAR)}
        for year in range(Month.of(began).year, today.year):
            whole = Window(Month(year, 1), Month(year, 12))
            if year not in done_years and whole.ripe(today):
                yield self._help_card(whole)

    def _people(self, window: Window) -> int | None:
        counts = self._marks.counts(_periods(window))
        return total(_sum(counts, PEOPLE, ANYBODY), self._rules)

    def _release(self, window: Window) -> Release:
        counts = self._marks.counts(_periods(window))
        people = total(self._noise(_sum(counts, PEOPLE, ANYBODY)), self._rules)
        tables = {}
        for facet in facets().values():
            values: Counts = {
                value: self._noise(_sum(counts, facet.name, value)) for value in facet.values
            }
            tables[facet.name] = table(facet, values, people, self._rules)
        return Release(WINDOW, window, self._synthetic, self._settings(), people, tables)

    def _help_card(self, year: Window) -> Release:
        counts = self._marks.counts([str(year.first.year)])
        shown = YearlyRules().figure(self._noise(_sum(counts, HELP_CARD, ANYBODY)))
        rules = {**asdict(YearlyRules()), "epsilon": self._epsilon}
        tables = {HELP_CARD: {ANYBODY: shown}}
        return Release(HELP_CARD_YEAR, year, self._synthetic, rules, None, tables)

    def _settings(self) -> dict[str, float]:
        return {**asdict(self._rules), "epsilon": self._epsilon}

    def _destroy(self, release: Release) -> None:
        """Delete the marks that went into a release, and close their periods."""
        self._marks.freeze(_periods_of(release), release.name)

    def _finish_interrupted(self) -> None:
        closed = self._marks.frozen()
        for name in sorted(set(closed.values()) - set(self._releases.names())):
            raise ReleaseError(
                f"{name}.json is missing in {self._releases.folder}; put it back from your backup"
            )
        for kind in (WINDOW, HELP_CARD_YEAR):
            for release in self._releases.all(kind):
                if any(period not in closed for period in _periods_of(release)):
                    self._destroy(release)


def _periods(window: Window) -> list[str]:
    return [str(month) for month in window.months()]


def _periods_of(release: Release) -> list[str]:
    """Return the periods whose marks went into a release."""
    if release.kind == HELP_CARD_YEAR:
        return [str(release.window.first.year)]
    return _periods(release.window)


def _sum(counts: dict[tuple[str, str, str], int], facet: str, value: str) -> int:
    """Add up over the periods: somebody who came in two months counts in both."""
    return sum(n for (_, f, v), n in counts.items() if f == facet and v == value)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system lets go when the process ends."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FreezeBusyError("a release is being made by another process") from None
        yield

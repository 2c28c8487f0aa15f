"""An attacker with a solver: everything the releases say, as equations over the true counts.

The attacker knows the rules, the program and every release. For each cell the solver finds the
smallest and largest count that any deanery with these releases can have.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix

from bot.trends.disclosure import Rules, YearlyRules
from bot.trends.releases import HELP_CARD_YEAR, Release
from bot.trends.vocabulary import ANYBODY, HELP_CARD, facets
from bot.trends.windows import ENOUGH, Window, candidates

MOST_PEOPLE = 10_000

Cell = tuple[str, str, str]
"""Month, facet, value; the people of a month are (month, "people", "any").

Those to whom the help card was shown are counted by the year: (year, "help_card", "any").
"""


@dataclass
class Attacker:
    """Collects constraints over true counts by month, then asks the solver."""

    releases: list[Release]
    small: Callable[[list[Cell]], bool] = lambda _: False
    """An oracle: whether cells together hold so few that they had to be hidden."""
    rules: Rules = field(default_factory=Rules)
    widened: bool = True
    """Whether the windows are those of the program, so that narrower ones had too few people."""

    def __post_init__(self):
        self.index: dict[Cell, int] = {}
        self.rows: list[dict[int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self._built: LinearConstraint | None = None
        for release in self.releases:
            if release.kind == HELP_CARD_YEAR:
                self._take_cards(release)
            else:
                self._take(release)

    def know(self, cells: dict[Cell, int]) -> None:
        """Add what the attacker knows from elsewhere."""
        for cell, count in cells.items():
            self.constrain([cell], count, count)

    def constrain(self, cells: list[Cell], low: float, high: float) -> None:
        """Add that the cells together hold between `low` and `high` people."""
        self._row({self._at(cell): 1.0 for cell in cells}, low, high)

    def pad(self, fakes: dict[Cell, int]) -> dict[Cell, Cell]:
        """Add that so many in these cells are the attacker's own; return cell -> the real ones."""
        real = {cell: (cell[0], f"real {cell[1]}", cell[2]) for cell in fakes}
        own = {cell: (cell[0], f"own {cell[1]}", cell[2]) for cell in fakes}
        self.know({own[cell]: count for cell, count in fakes.items()})
        for cell in fakes:
            parts = {self._at(real[cell]): -1.0, self._at(own[cell]): -1.0}
            self._row({self._at(cell): 1.0, **parts}, 0, 0)
        return real

    def possible(self) -> bool:
        """Whether any deanery has these releases and all that is known."""
        return self.range_of([]) is not None

    def range_of(self, cells: list[Cell]) -> tuple[int, int] | None:
        """Return the smallest and largest sum of cells, or None if there is no such deanery."""
        width = len(self.index)
        wanted = np.zeros(width)
        for cell in cells:
            wanted[self.index[cell]] += 1
        rule = self._matrix()
        found = []
        for sign in (1, -1) if cells else (1,):
            answer = milp(
                sign * wanted,
                constraints=rule,
                integrality=np.ones(width),
                bounds=Bounds(0, MOST_PEOPLE),
            )
            if answer.status == 2:
                return None
            assert answer.status == 0, answer.message
            found.append(round(sign * answer.fun))
        return found[0], found[-1]

    def _matrix(self) -> LinearConstraint:
        if self._built is None:
            at = [(row, c) for row, columns in enumerate(self.rows) for c in columns]
            weights = [weight for columns in self.rows for weight in columns.values()]
            matrix = coo_matrix((weights, tuple(zip(*at, strict=True))))
            self._built = LinearConstraint(matrix.tocsr(), self.low, self.high)
        return self._built

    def _take(self, release: Release) -> None:
        months = [str(month) for month in release.window.months()]
        everybody = [(month, "people", "any") for month in months]
        self._figure(everybody, release.people)
        for facet in facets().values():
            shown = release.tables[facet.name]
            for value in facet.values:
                cells = [(month, facet.name, value) for month in months]
                if shown[value] is not None:
                    self._figure(cells, shown[value])
            for month in months:
                person = self._at((month, "people", "any"))
                columns = {self._at((month, facet.name, value)): 1.0 for value in facet.values}
                if facet.name == "channel":
                    self._row({**columns, person: -1.0}, 0, 0)
                else:
                    self._row({**columns, person: -float(facet.most)}, -np.inf, 0)
                for column in columns:
                    self._row({column: 1.0, person: -1.0}, -np.inf, 0)
            self._hidden(facet.name, shown, months)
        if self.widened:
            self._narrower_were_too_few(release.window)

    def _take_cards(self, release: Release) -> None:
        """Say what a year's number of help cards tells, and that each was shown to a person."""
        rules, figure = YearlyRules(), release.tables[HELP_CARD][ANYBODY]
        cards = card_cell(release.window.first.year)
        if figure is None:
            self.constrain([cards], 0, rules.suppress)
        else:
            half = rules.nearest // 2
            self.constrain([cards], figure - half, figure - half + rules.nearest - 1)
        months = [self._at((str(m), "people", "any")) for m in release.window.months()]
        self._row({self._at(cards): 1.0, **dict.fromkeys(months, -1.0)}, -np.inf, 0)

    def _hidden(self, facet: str, shown: dict[str, int | None], months: list[str]) -> None:
        """Say more than hiding tells: an oracle names the hidden values that are small ones."""
        for value, figure in shown.items():
            cells = [(month, facet, value) for month in months]
            if figure is None and self.small(cells):
                self.constrain(cells, 0, self.rules.suppress)

    def _narrower_were_too_few(self, window: Window) -> None:
        """Say what the widening tells: no narrower window had enough people."""
        for narrower in candidates(window.first):
            if narrower.last < window.last:
                cells = [(str(month), "people", "any") for month in narrower.months()]
                self.constrain(cells, 0, self.rules.high(ENOUGH - self.rules.nearest))

    def _figure(self, cells: list[Cell], figure: int | None) -> None:
        if figure is None:
            self.constrain(cells, 0, self.rules.suppress)
        else:
            self.constrain(cells, self.rules.low(figure), self.rules.high(figure))

    def _at(self, cell: Cell) -> int:
        return self.index.setdefault(cell, len(self.index))

    def _row(self, columns: dict[int, float], low: float, high: float) -> None:
        self._built = None
        self.rows.append(columns)
        self.low.append(low)
        self.high.append(high)


def card_cell(year: int) -> Cell:
    """Return the cell of those to whom the help card was shown in a year."""
    return str(year), HELP_CARD, ANYBODY


def window_cells(window: Window, facet: str, value: str) -> list[Cell]:
    """Return a cell of a release as the months that it adds up."""
    return [(str(month), facet, value) for month in window.months()]

"""The hazard log: `hazards.yml`, validated, and the page that is written from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.governance.documents import FOLDER, GovernanceError, is_awaited, load
from bot.governance.named_tests import every_test
from bot.paths import ROOT

HAZARDS = FOLDER / "hazards.yml"

FIGURES = ROOT / "evaluation" / "figures.json"

LIKELIHOODS = ("very high", "high", "medium", "low", "very low")
SEVERITIES = ("minor", "significant", "considerable", "major", "catastrophic")

MATRIX = {
    "very high": (3, 4, 4, 5, 5),
    "high": (2, 3, 3, 4, 5),
    "medium": (2, 2, 3, 3, 4),
    "low": (1, 2, 2, 3, 4),
    "very low": (1, 1, 2, 2, 3),
}
"""Likelihood -> the rating for each of `SEVERITIES`, by the guidance to DCB0129."""

SAFETY_FIGURES = {
    "explicit_recall": "own risk said outright: found",
    "own_risk_recall": "own risk of every kind, indirect too: found",
    "third_party_routed": "somebody else's risk: taken as such",
    "hard_negatives_quiet": "hard messages without own risk: left quiet",
    "ordinary_turns_quiet": "ordinary messages: left quiet",
}
"""Recorded figures that the ratings rest on."""

FIELDS = (
    "id",
    "hazard",
    "cause",
    "effect",
    "controls",
    "deployer",
    "initial",
    "residual",
    "owner",
    "open",
)


@dataclass(frozen=True)
class Control:
    """What keeps a hazard from doing harm, and the tests that show that it works."""

    what: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Rating:
    """A proposal for the Clinical Safety Officer."""

    likelihood: str
    severity: str

    @property
    def risk(self) -> int:
        """The rating by the matrix, from 1 to 5."""
        return MATRIX[self.likelihood][SEVERITIES.index(self.severity)]

    def __str__(self) -> str:
        return f"{self.risk} ({self.likelihood}, {self.severity})"


@dataclass(frozen=True)
class Hazard:
    """One row; `deployer` and `open` may be empty."""

    id: str
    hazard: str
    cause: str
    effect: str
    controls: tuple[Control, ...]
    deployer: str
    initial: Rating
    residual: Rating
    owner: str
    open: str

    @property
    def tests(self) -> tuple[str, ...]:
        """Every test that its controls name."""
        return tuple(test for control in self.controls for test in control.tests)


@cache
def hazards(path: Path = HAZARDS) -> tuple[Hazard, ...]:
    """Return the hazards, in the order of the file.

    Raises:
        GovernanceError: at the first that is wrong.
    """
    rows = load(path)
    if not isinstance(rows, list):
        raise GovernanceError(f"{path.name}: must be a list of hazards")
    found = tuple(_hazard(f"{path.name}, entry {n}", row) for n, row in enumerate(rows, 1))
    ids = [hazard.id for hazard in found]
    for number, one in enumerate(ids, 1):
        if one != f"H{number:02}":
            raise GovernanceError(f"{path.name}: {one} comes where H{number:02} has to")
    return found


def unshown(rows: tuple[Hazard, ...]) -> Iterator[str]:
    """Yield one line for every test that a hazard names and that is not there."""
    for hazard in rows:
        for test in hazard.tests:
            if test not in every_test() and not is_awaited(test):
                yield f"docs/governance/hazards.yml: {hazard.id} names {test}, which is no test"


def hazard_log() -> str:
    """Return the page, in Markdown.

    Raises:
        GovernanceError: if a hazard or the recorded figures are wrong.
    """
    return "\n".join(_lines(hazards())) + "\n"


def _lines(rows: tuple[Hazard, ...]) -> Iterator[str]:
    yield "# Hazard log"
    yield ""
    yield "Draft for the Clinical Safety Officer. Written by `make governance` from"
    yield "`docs/governance/hazards.yml`: change that file, never this page."
    yield ""
    yield f"{len(rows)} hazards. **Every rating is a proposal.** Nobody with clinical"
    yield "responsibility has reviewed one yet. A rating is 1 (acceptable) to 5 (unacceptable),"
    yield "from likelihood and severity by the matrix at the end. Each control names the tests that"
    yield "show that it works. `make test` runs them, and `make check` fails when one is gone."
    yield ""
    yield "## Summary"
    yield ""
    yield "| | hazard | initial | residual | owner |"
    yield "|---|---|---|---|---|"
    for row in rows:
        cells = (row.id, row.hazard, str(row.initial), str(row.residual), row.owner)
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield from _figures()
    for row in rows:
        yield from _section(row)
    yield from _matrix()


def _section(row: Hazard) -> Iterator[str]:
    yield f"## {row.id}: {row.hazard}"
    yield ""
    yield f"* **Cause.** {row.cause}"
    yield f"* **Effect.** {row.effect}"
    yield f"* **Initial risk (proposed).** {row.initial}"
    yield "* **Controls.**"
    for control in row.controls:
        yield f"    * {control.what}"
        for test in control.tests:
            late = " (not in this checkout yet)" if test not in every_test() else ""
            yield f"        * `{test}`{late}"
    if row.deployer:
        yield f"* **Left to the deployer.** {row.deployer}"
    yield f"* **Residual risk (proposed).** {row.residual}"
    yield f"* **Owner.** {row.owner}"
    if row.open:
        yield f"* **Open.** {row.open}"
    yield ""


def _figures() -> Iterator[str]:
    try:
        recorded = json.loads(FIGURES.read_text(encoding="utf-8"))["headline"]
        rows = [(what, float(recorded[name]["value"])) for name, what in SAFETY_FIGURES.items()]
    except (OSError, ValueError, KeyError, TypeError):
        raise GovernanceError(
            "evaluation/figures.json: a figure on risk is missing; run `make evaluate`"
        ) from None
    yield "## What recognition finds"
    yield ""
    yield "Shares on messages that were written for the project and not trained on, as recorded"
    yield "by `make evaluate` in `evaluation/figures.json`. None was written by a clinician or by"
    yield "somebody in distress. The model card (`docs/model-card.md`) has intervals and failures."
    yield "Below 1.000 in the first two rows, a life at risk would have been missed."
    yield ""
    yield "| | share |"
    yield "|---|---:|"
    for what, value in rows:
        yield f"| {what} | {value:.3f} |"
    yield ""


def _matrix() -> Iterator[str]:
    yield "## The matrix"
    yield ""
    yield "As in the guidance to DCB0129; the Clinical Safety Officer confirms it or puts the"
    yield "organisation's own in its place."
    yield ""
    yield f"| likelihood | {' | '.join(SEVERITIES)} |"
    yield f"|---|{'---|' * len(SEVERITIES)}"
    for likelihood in LIKELIHOODS:
        yield f"| {likelihood} | {' | '.join(map(str, MATRIX[likelihood]))} |"
    yield ""
    yield "5: unacceptable. 4: has to be eliminated or controlled. 3: undesirable; accepted only"
    yield "when further reduction is impractical. 2: tolerable where reducing it further costs more"
    yield "than it gains. 1: acceptable."


def _hazard(where: str, row: Any) -> Hazard:
    if not isinstance(row, dict):
        raise GovernanceError(f"{where}: must be a mapping of fields")
    where = f"{where} ({row.get('id')})"
    unknown = [name for name in row if name not in FIELDS]
    if unknown:
        raise GovernanceError(f"{where}: {unknown[0]} is no field; known are {', '.join(FIELDS)}")
    texts = {name: _text(where, name, row) for name in ("id", "hazard", "cause", "effect", "owner")}
    return Hazard(
        **texts,
        controls=_controls(where, row.get("controls")),
        deployer=_text(where, "deployer", row, needed=False),
        open=_text(where, "open", row, needed=False),
        initial=_rating(where, "initial", row.get("initial")),
        residual=_rating(where, "residual", row.get("residual")),
    )


def _text(where: str, name: str, row: dict[str, Any], needed: bool = True) -> str:
    value = row.get(name, "" if not needed else None)
    if not isinstance(value, str) or (needed and not value.strip()):
        raise GovernanceError(f"{where}: {name} must be a text")
    if "|" in value or "`" in value:
        raise GovernanceError(f"{where}: {name} must be without | and backticks")
    return " ".join(value.split())


def _controls(where: str, rows: Any) -> tuple[Control, ...]:
    if not isinstance(rows, list) or not rows:
        raise GovernanceError(f"{where}: controls must be a list of one or more")
    return tuple(_control(where, row) for row in rows)


def _control(where: str, row: Any) -> Control:
    if not isinstance(row, dict) or set(row) != {"what", "tests"}:
        raise GovernanceError(f"{where}: a control has the fields what and tests")
    tests = row["tests"]
    if not isinstance(tests, list) or not tests:
        raise GovernanceError(f"{where}: a control names one test or more that shows it works")
    for test in tests:
        if not isinstance(test, str) or not re.fullmatch(r"tests/[\w/]+\.py(::\w+)+", test):
            raise GovernanceError(f"{where}: {test!r} must be like tests/file.py::test_name")
    return Control(_text(where, "what", row), tuple(tests))


def _rating(where: str, name: str, row: Any) -> Rating:
    if not isinstance(row, dict) or set(row) != {"likelihood", "severity"}:
        raise GovernanceError(f"{where}: {name} has the fields likelihood and severity")
    for field, allowed in (("likelihood", LIKELIHOODS), ("severity", SEVERITIES)):
        if row[field] not in allowed:
            raise GovernanceError(
                f"{where}: {name}.{field} is {row[field]!r}; it must be one of {', '.join(allowed)}"
            )
    return Rating(**row)

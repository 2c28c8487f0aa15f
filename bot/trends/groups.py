"""The groups that may be told apart, and how many trainees there are: `trends.yml`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.paths import PATTERNS, ROOT

TRENDS = ROOT / "trends.yml"

MOST_BANDS = 3
"""Bands of grades: more would tell too few people apart from each other."""

SMALLEST_GROUP = 200
"""Trainees of the deanery in a group of specialties or a band of grades, at least."""

GRADE_WAITS = (
    f"{TRENDS.name}: grade is not counted until every band says how many trainees it has,"
    " such as foundation: {trainees: 900, values: [f1, f2]}"
)
"""Said at the start and by `sidedoor doctor`, if it is so."""

FIELDS = ("trainees", "uptake", "grade", "specialty")


class GroupsError(ValueError):
    """`trends.yml` is wrong; the message names the field and the mend."""


@dataclass(frozen=True)
class Groups:
    """Group -> its values, for grades and specialties; and what is known of the population.

    `grade_waits` says that there are bands of which the number of trainees is not known: then
    there is no `grade`, as nobody could tell whether a band is large enough.
    """

    trainees: int | None
    uptake: float
    grade: dict[str, tuple[str, ...]]
    specialty: dict[str, tuple[str, ...]]
    grade_waits: bool

    def group_of(self, facet: str, value: str) -> str | None:
        """Return the group that a grade or a specialty belongs to."""
        table = self.grade if facet == "grade" else self.specialty
        return next((name for name, values in table.items() if value in values), None)


@cache
def groups(path: Path | None = None) -> Groups:
    """Return what `path` says; without one, the installation's own file.

    Raises:
        GroupsError: naming the field that is wrong.
    """
    path = path or TRENDS
    row = _load(path)
    for name in row:
        if name not in FIELDS:
            raise GroupsError(f"{path.name}: {name} is not a field; known are {', '.join(FIELDS)}")
    trainees, uptake = row.get("trainees"), row.get("uptake", 0.05)
    if trainees is not None and not _whole_number(trainees):
        raise GroupsError(f"{path.name}: trainees must be a whole number, or null")
    if isinstance(uptake, bool) or not isinstance(uptake, int | float) or not 0 < uptake <= 1:
        raise GroupsError(f"{path.name}: uptake must be a share above 0 and up to 1, such as 0.05")
    grade = _mapping(path, row, "grade")
    if len(grade) > MOST_BANDS:
        raise GroupsError(f"{path.name}: grade has {len(grade)} bands; {MOST_BANDS} are the most")
    sized = {name: band for name, band in grade.items() if _says_its_size(band)}
    bands = _groups(path, "grade", {**_values(grade), **_large_enough(path, "grade", sized)})
    waits = len(sized) < len(grade)
    together = sum(band["trainees"] for band in sized.values())
    if trainees is not None and together > trainees:
        raise GroupsError(f"{path.name}: grade: bands of {together} among {trainees} trainees")
    specialty = _large_enough(path, "specialty", _mapping(path, row, "specialty"))
    return Groups(
        trainees=trainees,
        uptake=float(uptake),
        grade={} if waits else bands,
        specialty=_groups(path, "specialty", specialty),
        grade_waits=waits,
    )


@cache
def entity_values(entity: str) -> frozenset[str]:
    """Return the values that an entity of `nlu_data/patterns/entities/` can have."""
    lines = (PATTERNS / "entities" / f"{entity}.jsonl").read_text(encoding="utf-8").splitlines()
    return frozenset(json.loads(line)["value"] for line in lines if line.strip())


def _whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _load(path: Path) -> dict[str, Any]:
    try:
        row = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GroupsError(f"{path.name}: the file is missing in {path.parent}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise GroupsError(f"{path.name}: not valid YAML; check indents and quotes") from None
    if not isinstance(row, dict):
        raise GroupsError(f"{path.name}: must be a mapping of fields")
    return row


def _mapping(path: Path, row: dict[str, Any], field: str) -> dict[str, Any]:
    value = row.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise GroupsError(f"{path.name}: {field} must be a mapping of groups, or {{}}")
    return value


def _says_its_size(band: Any) -> bool:
    return isinstance(band, dict) and band.get("trainees") is not None


def _values(table: dict[str, Any]) -> dict[str, Any]:
    """Return group -> its values, of groups that may say how many trainees they have."""
    return {
        n: group.get("values") if isinstance(group, dict) else group for n, group in table.items()
    }


def _large_enough(path: Path, field: str, table: dict[str, Any]) -> dict[str, Any]:
    """Return group -> its values, of groups that say how many trainees they have."""
    values = {}
    for name, group in table.items():
        size = group.get("trainees") if isinstance(group, dict) else None
        if not isinstance(size, int) or isinstance(size, bool) or size < SMALLEST_GROUP:
            raise GroupsError(
                f"{path.name}: {field}, {name}: trainees is {size}; a group needs at least"
                f" {SMALLEST_GROUP}, so join it with another or leave it out"
            )
        values[name] = group.get("values")
    return values


def _groups(path: Path, field: str, table: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    known = entity_values(field)
    owners: dict[str, str] = {}
    found: dict[str, tuple[str, ...]] = {}
    for name, values in table.items():
        if not isinstance(values, list) or not values:
            raise GroupsError(f"{path.name}: {field}, {name}: values must be a list")
        for value in values:
            if value not in known:
                raise GroupsError(
                    f"{path.name}: {field}, {name}: {value!r} is not known;"
                    f" see nlu_data/patterns/entities/{field}.jsonl"
                )
            if value in owners:
                raise GroupsError(
                    f"{path.name}: {field}: {value} is in {owners[value]} and in {name};"
                    " remove it from one"
                )
            owners[value] = name
        found[str(name)] = tuple(values)
    return found

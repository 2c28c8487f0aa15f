"""Local facts: each deanery's unit and the register of signposts, validated.

Every fact carries its source and the date it was verified. A fact older than
`LIFE` days, or never verified, is hidden; essential crisis numbers are shown all
the same and `sidedoor doctor` warns about them.

`self_referral` says how a trainee reaches the unit:

* `open`: they may refer themselves;
* `open_notifies_educator`: they may, but the unit tells an educator; warned of first;
* `discouraged`: the unit would rather they did not, or only with an educator; warned of first;
* `none`: they cannot; the assistant says what exists instead;
* `unknown`: nothing is known. The assistant says that it has no checked details of the unit
  and how to find it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.paths import DEANERIES

LIFE = 90
"""Days a verified fact stays fresh."""

SELF_REFERRAL = ("open", "open_notifies_educator", "discouraged", "none", "unknown")
NATIONS = ("england", "scotland", "wales", "northern_ireland")
CONTACT_KINDS = ("web", "phone", "email")
SIGNPOSTS = "signposts.yml"

CRISIS_LINES = ("emergency", "nhs_111_mental_health", "lifeline_ni", "samaritans")
"""Entries of the register that the crisis card is made of; they have to exist."""

WARNINGS = ("referral_note", "non_engagement")
"""Facts that warn: shown even when no longer fresh, as hiding one would mislead."""

FACTS = (
    "confidentiality",
    "referral_note",
    "non_engagement",
    "offer",
    "timing",
    "instead",
)
"""A deanery's statements: who is told; what to know before referring; what happens to those who
do not turn up; what the unit offers; how soon; what exists where nobody can refer themselves."""


class DeaneryError(ValueError):
    """A deanery or signpost file is wrong; the message names file, field and mend."""


@dataclass(frozen=True)
class Fact:
    """A sentence of ours about a service, with where it was read and when."""

    text: str
    source: str
    verified_on: date | None

    def fresh(self, today: date) -> bool:
        """Whether the fact was verified no more than `LIFE` days ago."""
        return self.verified_on is not None and 0 <= (today - self.verified_on).days <= LIFE


@dataclass(frozen=True)
class Contact:
    """One way to reach a unit; `fact.text` says what it is, such as its hours."""

    kind: str
    value: str
    fact: Fact


@dataclass(frozen=True)
class Deanery:
    """A deanery and its unit. A fact that is not known is None."""

    key: str
    name: str
    unit: str
    nation: str
    names: tuple[str, ...]
    self_referral: str
    contacts: tuple[Contact, ...]
    facts: Mapping[str, Fact | None]
    answer_days: int | None = None
    """Calendar days in which the unit says it answers; None if it does not say."""

    def fact(self, name: str, today: date) -> str | None:
        """Return the text of a fact of `FACTS` if it is known and fresh."""
        fact = self.facts[name]
        return fact.text if fact is not None and fact.fresh(today) else None

    def warnings(self) -> list[str]:
        """Return what has to be known before referring oneself, if it was ever verified."""
        facts = [self.facts[name] for name in WARNINGS]
        return [fact.text for fact in facts if fact is not None and fact.verified_on is not None]

    def fresh_contacts(self, today: date) -> list[Contact]:
        """Return the contacts that may be shown."""
        return [contact for contact in self.contacts if contact.fact.fresh(today)]


@dataclass(frozen=True)
class Signpost:
    """A service outside the deaneries; `essential` ones are shown even when not fresh.

    Those that are not `general` are named by the routes for adjacent harms only.
    """

    key: str
    name: str
    value: str
    hours: str
    nations: tuple[str, ...]
    essential: bool
    fact: Fact
    general: bool = True

    def shown(self, today: date) -> bool:
        """Whether it may be shown."""
        return self.essential or self.fact.fresh(today)


@cache
def deaneries(folder: Path = DEANERIES) -> Mapping[str, Deanery]:
    """Return key -> deanery for every file of `folder`, in the order of their names.

    Raises:
        DeaneryError: at the first file that is wrong.
    """
    paths = [p for p in sorted(folder.glob("*.yml")) if p.name != SIGNPOSTS]
    found = [_deanery(path.stem, _Fields(path.name, _load(path))) for path in paths]
    _require_distinct_names(found)
    return {d.key: d for d in sorted(found, key=lambda d: d.name)}


@cache
def signposts(folder: Path = DEANERIES) -> Mapping[str, Signpost]:
    """Return key -> signpost of the register.

    Raises:
        DeaneryError: at the first entry that is wrong.
    """
    rows = _Fields(SIGNPOSTS, _load(folder / SIGNPOSTS)).row
    found = {key: _signpost(key, _Fields(f"{SIGNPOSTS}, {key}", row)) for key, row in rows.items()}
    missing = [key for key in CRISIS_LINES if key not in found]
    if missing:
        raise DeaneryError(f"{SIGNPOSTS}: {missing[0]} is missing; the crisis card needs it")
    return found


def deanery_names() -> dict[str, tuple[str, ...]]:
    """Return key -> the names, in lower case, by which people call that deanery."""
    return {key: deanery.names for key, deanery in deaneries().items()}


class _Fields:
    """Typed access to one mapping of a file; errors name the file and the field."""

    def __init__(self, where: str, row: Any) -> None:
        if not isinstance(row, dict):
            raise DeaneryError(f"{where}: must be a mapping of fields")
        self.where = where
        self.row = dict(row)

    def text(self, name: str) -> str:
        value = self.row.pop(name, None)
        if not isinstance(value, str) or not value.strip():
            raise DeaneryError(f"{self.where}: {name} is missing; write a text, in quotes")
        return " ".join(value.split())

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.row.pop(name, None)
        if value not in allowed:
            raise DeaneryError(
                f"{self.where}: {name} is {value!r}; it must be one of {', '.join(allowed)}"
            )
        return str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.row.pop(name, None)
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise DeaneryError(f"{self.where}: {name} must be a list of texts")
        return tuple(value)

    def flag(self, name: str) -> bool:
        value = self.row.pop(name, None)
        if not isinstance(value, bool):
            raise DeaneryError(f"{self.where}: {name} must be true or false")
        return value

    def days(self, name: str) -> int:
        value = self.row.pop(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LIFE:
            raise DeaneryError(f"{self.where}: {name} is {value!r}; write 1 to {LIFE} days")
        return value

    def verified_on(self) -> date | None:
        if "verified_on" not in self.row:
            raise DeaneryError(
                f"{self.where}: verified_on is missing; write a date as YYYY-MM-DD,"
                " or null for a fact nobody has verified"
            )
        value = self.row.pop("verified_on")
        try:
            return None if value is None else date.fromisoformat(value)
        except (TypeError, ValueError):
            raise DeaneryError(
                f"{self.where}: verified_on is {value!r}; it must be a date as YYYY-MM-DD, or null"
            ) from None

    def fact(self) -> Fact:
        return Fact(self.text("text"), self.text("source"), self.verified_on())

    def nested(self, name: str) -> _Fields | None:
        if name not in self.row:
            raise DeaneryError(f"{self.where}: {name} is missing; write null if it is not known")
        value = self.row.pop(name)
        return None if value is None else _Fields(f"{self.where}, {name}", value)

    def finish(self) -> None:
        if self.row:
            raise DeaneryError(f"{self.where}: unknown field {next(iter(self.row))!r}; remove it")


class _Loader(yaml.SafeLoader):
    """Plain YAML that leaves dates as text, so that an error can name the field."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _load(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise DeaneryError(f"{path.name}: the file is missing in {path.parent}") from None
    except UnicodeDecodeError:
        raise DeaneryError(f"{path.name}: not UTF-8 text; save the file as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise DeaneryError(f"{path.name}{line}: not valid YAML; check indents and quotes") from None


def _deanery(key: str, fields: _Fields) -> Deanery:
    facts: dict[str, Fact | None] = {}
    answer_days = None
    for name in FACTS:
        nested = fields.nested(name)
        facts[name] = nested.fact() if nested else None
        if nested:
            if name == "timing" and "answer_days" in nested.row:
                answer_days = nested.days("answer_days")
            nested.finish()
    deanery = Deanery(
        key=key,
        name=fields.text("name"),
        unit=fields.text("unit"),
        nation=fields.one_of("nation", NATIONS),
        names=tuple(name.lower() for name in fields.texts("names")),
        self_referral=fields.one_of("self_referral", SELF_REFERRAL),
        contacts=_contacts(fields),
        facts=facts,
        answer_days=answer_days,
    )
    fields.finish()
    _require_what_the_kind_needs(deanery, fields.where)
    return deanery


def _contacts(fields: _Fields) -> tuple[Contact, ...]:
    rows = fields.row.pop("contacts", None)
    if not isinstance(rows, list):
        raise DeaneryError(f"{fields.where}: contacts must be a list; write [] if none is known")
    contacts = []
    for number, row in enumerate(rows, 1):
        nested = _Fields(f"{fields.where}, contact {number}", row)
        kind, value = nested.one_of("kind", CONTACT_KINDS), nested.text("value")
        contacts.append(Contact(kind, value, nested.fact()))
        nested.finish()
    return tuple(contacts)


def _require_what_the_kind_needs(deanery: Deanery, where: str) -> None:
    if deanery.self_referral == "none" and deanery.facts["instead"] is None:
        raise DeaneryError(f"{where}: self_referral is none, so instead must say what exists")
    if (
        deanery.self_referral in ("open_notifies_educator", "discouraged")
        and deanery.facts["referral_note"] is None
    ):
        raise DeaneryError(
            f"{where}: self_referral is {deanery.self_referral}, so referral_note must warn of it"
        )


def _require_distinct_names(found: list[Deanery]) -> None:
    owners: dict[str, str] = {}
    for deanery in found:
        for name in deanery.names:
            owner = owners.setdefault(name, deanery.key)
            if owner != deanery.key:
                raise DeaneryError(
                    f"{deanery.key}.yml: names has {name!r}, as has {owner}.yml;"
                    " remove it from one of them"
                )


def _signpost(key: str, fields: _Fields) -> Signpost:
    nations = fields.texts("nations")
    unknown = [n for n in nations if n not in NATIONS]
    if unknown:
        raise DeaneryError(
            f"{fields.where}: nations has {unknown[0]!r}; known are {', '.join(NATIONS)}"
        )
    signpost = Signpost(
        key=key,
        name=fields.text("name"),
        value=fields.text("value"),
        hours=fields.text("hours"),
        nations=nations,
        essential=fields.flag("essential"),
        fact=fields.fact(),
        general=fields.flag("general") if "general" in fields.row else True,
    )
    fields.finish()
    return signpost

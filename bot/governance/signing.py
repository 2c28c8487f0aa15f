"""The sign-off register: who is asked to sign what, who has, and what changed since.

A signature is bound to a fingerprint of what was signed. When that changes, it is open again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.content import content_page
from bot.governance.documents import FOLDER, GovernanceError, load
from bot.paths import ROOT

SIGNATURES = FOLDER / "sign-off.yml"

SHOWN = 16
"""Hexadecimal digits of a fingerprint: enough to notice any change, short enough to compare."""

VERIFIED = re.compile(r" \(verified [^)]*\)")
"""When a local fact was last verified: it has a register and a rhythm of its own."""


@dataclass(frozen=True)
class Signature:
    """Somebody signed something as it was."""

    of: str
    name: str
    role: str
    date: date
    fingerprint: str


@dataclass(frozen=True)
class Register:
    """Who is asked for what, and what was signed."""

    documents: Mapping[str, list[str]]
    content: Mapping[str, list[str]]
    other_content: list[str]
    signatures: tuple[Signature, ...]


def fingerprint(text: str) -> str:
    """Return what a signature of `text` is bound to."""
    return hashlib.sha256(text.encode()).hexdigest()[:SHOWN]


def content_parts(page: str) -> dict[str, str]:
    """Return part -> its text of the page with everything the assistant can say.

    The days of verification are left out: a fact is verified again every few weeks.
    """
    parts = re.split(r"^## (.+)$", VERIFIED.sub("", page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def register(path: Path = SIGNATURES) -> Register:
    """Return the register.

    Raises:
        GovernanceError: at the first field that is wrong.
    """
    row = load(path)
    fields = {"documents", "content", "other_content", "signatures"}
    if not isinstance(row, dict) or set(row) != fields:
        raise GovernanceError(f"{path.name}: must have the fields {', '.join(sorted(fields))}")
    for field in ("documents", "content"):
        if not isinstance(row[field], dict) or not all(map(_roles, row[field].values())):
            raise GovernanceError(f"{path.name}: {field} must have a list of roles for each")
    if not _roles(row["other_content"]):
        raise GovernanceError(f"{path.name}: other_content must be a list of roles")
    if not isinstance(row["signatures"], list):
        raise GovernanceError(f"{path.name}: signatures must be a list, or []")
    signed = tuple(_signature(path.name, one) for one in row["signatures"])
    return Register(row["documents"], row["content"], row["other_content"], signed)


def _roles(row: Any) -> bool:
    return isinstance(row, list) and bool(row) and all(isinstance(role, str) for role in row)


def _signature(file: str, row: Any) -> Signature:
    fields = ("of", "name", "role", "date", "fingerprint")
    if not isinstance(row, dict) or set(row) != set(fields):
        raise GovernanceError(f"{file}: a signature has the fields {', '.join(fields)}")
    if not isinstance(row["date"], date):
        raise GovernanceError(f"{file}: the date of a signature must be like 2026-11-23")
    for field in ("of", "name", "role", "fingerprint"):
        if not isinstance(row[field], str) or not row[field].strip():
            raise GovernanceError(f"{file}: the {field} of a signature must be a text, in quotes")
    if not re.fullmatch(f"[0-9a-f]{{{SHOWN}}}", row["fingerprint"]):
        raise GovernanceError(f"{file}: the fingerprint of a signature has {SHOWN} digits")
    return Signature(**row)


def state(signatures: tuple[Signature, ...], of: str, role: str, now: str) -> tuple[str, str, str]:
    """Return who signed in a role, when, and whether it still holds."""
    mine = (s for s in signatures if (s.of, s.role) == (of, role))
    signed = sorted(mine, key=lambda s: s.date)
    if not signed:
        return "", "", "open"
    last = signed[-1]
    holds = "signed" if last.fingerprint == now else f"open again: changed since {last.fingerprint}"
    return last.name, last.date.isoformat(), holds


def register_page() -> str:
    """Return the page, in Markdown.

    Raises:
        GovernanceError: if the register is wrong or names a document that is missing.
    """
    return "\n".join(_lines(register())) + "\n"


def _lines(known: Register) -> Iterator[str]:
    page = content_page()
    parts = content_parts(page)
    asked = dict(known.documents)
    asked.update({part: known.content.get(part, known.other_content) for part in parts})
    for signature in known.signatures:
        if signature.role not in asked.get(signature.of, ()):
            raise GovernanceError(
                f"sign-off.yml: nobody is asked to sign {signature.of!r} as {signature.role!r}"
            )
    yield "# Sign-off register"
    yield ""
    yield "Written by `make governance` from `docs/governance/sign-off.yml`: change that file,"
    yield "never this page."
    yield ""
    yield "**What is open was never signed.** A signature is bound to the fingerprint beside it."
    yield "When what was signed changes, the row says that it is open again. To sign: read the"
    yield "thing itself, then add under signatures, in a commit of your own, your name, role, the"
    yield "day and the fingerprint."
    yield ""
    yield "## Documents"
    yield ""
    yield from _table(known, "document", {one: _read(one) for one in known.documents}, asked)
    yield ""
    yield "## Everything it can say"
    yield ""
    yield "`sidedoor content --output content.md` writes the page to read, part by part: every"
    yield "sentence, where it is written and when it is said. The days on which local facts were"
    yield "verified are not part of the fingerprint; `docs/governance/signpost-runbook.md` is about"
    yield "those."
    yield ""
    yield f"Fingerprint of the whole page: {fingerprint(VERIFIED.sub('', page))}"
    yield ""
    yield from _table(known, "part", parts, asked)


def _table(
    known: Register, what: str, texts: Mapping[str, str], asked: Mapping[str, list[str]]
) -> Iterator[str]:
    yield f"| {what} | role | name | date | fingerprint | state |"
    yield "|---|---|---|---|---|---|"
    for of, text in texts.items():
        now = fingerprint(text)
        for role in asked[of]:
            name, day, holds = state(known.signatures, of, role, now)
            yield f"| {of} | {role} | {name} | {day} | {now} | {holds} |"


def _read(document: str) -> str:
    try:
        return (ROOT / document).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GovernanceError(
            f"sign-off.yml: {document} is to be signed and is missing; put it back"
        ) from None

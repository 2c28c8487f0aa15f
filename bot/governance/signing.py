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

    documents: Mapping[str, str]
    content: Mapping[str, str]
    other_content: str
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
        if not isinstance(row[field], dict) or not all(
            isinstance(role, str) and role for role in row[field].values()
        ):
            raise GovernanceError(f"{path.name}: {field} must name a role for each")
    if not isinstance(row["other_content"], str):
        raise GovernanceError(f"{path.name}: other_content must be a role")
    if not isinstance(row["signatures"], list):
        raise GovernanceError(f"{path.name}: signatures must be a list, or []")
    signed = tuple(_signature(path.name, one) for one in row["signatures"])
    return Register(row["documents"], row["content"], row["other_content"], signed)


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


def state(signatures: tuple[Signature, ...], of: str, now: str) -> tuple[str, str, str]:
    """Return who signed, when, and whether it still holds, for a row of the register."""
    signed = sorted((s for s in signatures if s.of == of), key=lambda s: s.date)
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
    for signature in known.signatures:
        if signature.of not in known.documents and signature.of not in parts:
            raise GovernanceError(
                f"sign-off.yml: a signature is of {signature.of!r}, which nobody is asked for"
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
    yield "| document | role | name | date | fingerprint | state |"
    yield "|---|---|---|---|---|---|"
    for document, role in known.documents.items():
        now = fingerprint(_read(document))
        name, day, holds = state(known.signatures, document, now)
        yield f"| {document} | {role} | {name} | {day} | {now} | {holds} |"
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
    yield "| part | role | name | date | fingerprint | state |"
    yield "|---|---|---|---|---|---|"
    for part, text in parts.items():
        role = known.content.get(part, known.other_content)
        now = fingerprint(text)
        name, day, holds = state(known.signatures, part, now)
        yield f"| {part} | {role} | {name} | {day} | {now} | {holds} |"


def _read(document: str) -> str:
    try:
        return (ROOT / document).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GovernanceError(
            f"sign-off.yml: {document} is to be signed and is missing; put it back"
        ) from None

"""Which documents there are for sign-off, and what they name that has yet to arrive."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.paths import ROOT

FOLDER = ROOT / "docs" / "governance"

HAZARD_LOG, REGISTER = "hazard-log.md", "content-sign-off.md"
"""Pages that are written from data, never by hand."""

DOCUMENTS = (
    "README.md",
    "intended-purpose.md",
    HAZARD_LOG,
    "clinical-risk-management-plan.md",
    "safety-case.md",
    "deployers-handover.md",
    "dpia.md",
    "privacy-notice.md",
    "retention.md",
    "disclosure-control-policy.md",
    "accessibility-statement.md",
    REGISTER,
    "incident-runbook.md",
    "signpost-runbook.md",
)
"""Every page that has to be there."""

AWAITED = "awaited.yml"


class GovernanceError(ValueError):
    """A data file of the folder is wrong; the message names the file, the field and the mend."""


def load(path: Path) -> Any:
    """Return the YAML of `path`.

    Raises:
        GovernanceError: if it is missing or no YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GovernanceError(f"{path.name}: missing in docs/governance; put it back") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise GovernanceError(f"{path.name}{where}: not YAML; mend it") from None


@cache
def awaited(path: Path = FOLDER / AWAITED) -> tuple[str, ...]:
    """Return the names that documents may use although nothing here has them yet.

    Raises:
        GovernanceError: if the file is wrong.
    """
    names = load(path)
    if names is None:
        return ()
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise GovernanceError(f"{path.name}: must be a list of names, or empty")
    return tuple(names)


def is_awaited(name: str) -> bool:
    """Whether `name` is awaited: itself, the file of a test or constant, or its folder."""
    file = name.split("::")[0].split(" ")[0]
    return any(
        one in (name, file) or (one.endswith("/") and file.startswith(one)) for one in awaited()
    )

"""Writing the pages that come from data, and finding what is stale or not so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.governance.claims import arrived, faults_in
from bot.governance.documents import DOCUMENTS, FOLDER, HAZARD_LOG, REGISTER, GovernanceError
from bot.governance.hazards import hazard_log, hazards, unshown
from bot.governance.signing import register_page

WRITTEN: dict[str, Callable[[], str]] = {HAZARD_LOG: hazard_log, REGISTER: register_page}
"""Page -> what writes it. The register comes last: it has fingerprints of the others."""

AGAIN = "run `make governance` and commit what it writes"


def write_pages() -> list[str]:
    """Write the pages again; return the names of those that changed.

    Raises:
        GovernanceError: if a data file is wrong.
    """
    changed = []
    for name, page in WRITTEN.items():
        text = page()
        if _read(name) != text:
            (FOLDER / name).write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


def faults() -> Iterator[str]:
    """Yield one line for everything in docs/governance that is missing, stale or not so."""
    yield from missing()
    try:
        yield from unshown(hazards())
        for name, page in WRITTEN.items():
            if _read(name) != page():
                yield f"docs/governance/{name}: stale; {AGAIN}"
        for name in DOCUMENTS:
            yield from faults_in(name, _read(name) or "")
        yield from arrived()
    except GovernanceError as error:
        yield f"docs/governance/{error}"


def missing() -> Iterator[str]:
    """Yield one line for every document that is not there."""
    for name in DOCUMENTS:
        if _read(name) is None:
            yield f"docs/governance/{name}: missing; put it back"


def _read(name: str) -> str | None:
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.exists() else None

"""Service health, without anything about users: is it up, which versions, what expires soon."""

from __future__ import annotations

import importlib.metadata
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timezone
from http.client import HTTPException
from urllib.parse import urlsplit

from bot.deanery import LIFE, Fact, deaneries, signposts
from bot.health_paths import READY
from bot.paths import MODELS
from bot.settings import Settings

PACKAGES = ("sidedoor", "rasa", "spacy")
SOON_DAYS = 21
"""Days before a fact expires from which it is shown."""

ANSWER_SECONDS = 8
"""Seconds in which a process has to answer; it holds a real turn meanwhile."""


MOST_AT_ONCE = 16
"""Processes that are asked at once."""


@dataclass(frozen=True)
class Expiring:
    """A local fact that is hidden, or soon will be."""

    what: str
    state: str
    source: str


def answering(settings: Settings) -> list[tuple[str, bool]]:
    """Return host and port of each of the assistant's processes, and whether it can answer now.

    They are those of `SIDEDOOR_WORKERS`, or the one that the settings would start here.
    """
    sites = settings.workers or (_here(settings),)
    with ThreadPoolExecutor(min(len(sites), MOST_AT_ONCE)) as threads:
        found = list(threads.map(_can_answer, sites))
    return [(urlsplit(site).netloc, up) for site, up in zip(sites, found, strict=True)]


def _here(settings: Settings) -> str:
    host = settings.host if settings.host not in ("0.0.0.0", "::") else "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.port}"


def _can_answer(site: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{site}{READY}", timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 204)
    except (OSError, ValueError, HTTPException):
        return False


def versions() -> list[tuple[str, str]]:
    """Return name and version of what runs, and the newest model with its day."""
    found = []
    for package in PACKAGES:
        try:
            found.append((package, importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            found.append((package, "not installed"))
    models = sorted(MODELS.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if models:
        made = datetime.fromtimestamp(models[-1].stat().st_mtime, timezone.utc)
        found.append(("model", f"{models[-1].name.split('.')[0]} of {made:%Y-%m-%d}"))
    return found


def expiring(today: date, deanery: str = "") -> Iterator[Expiring]:
    """Yield signposts, and facts of a deanery or of all, that are hidden or soon will be."""
    for signpost in signposts().values():
        yield from _state(f"Signpost: {signpost.name}", signpost.fact, today, signpost.essential)
    for unit in deaneries().values():
        if deanery in ("", unit.key):
            for name, fact in unit.facts.items():
                if fact is not None:
                    yield from _state(f"{unit.name}: {name}", fact, today)
            for contact in unit.contacts:
                yield from _state(f"{unit.name}: contact {contact.value}", contact.fact, today)


def _state(what: str, fact: Fact, today: date, essential: bool = False) -> Iterator[Expiring]:
    kept = "shown all the same, because it is essential" if essential else "hidden from people"
    if fact.verified_on is None:
        yield Expiring(what, f"never verified; {kept}", fact.source)
        return
    left = LIFE - (today - fact.verified_on).days
    if not fact.fresh(today):
        yield Expiring(what, f"verified on {fact.verified_on}; {kept}", fact.source)
    elif left <= SOON_DAYS:
        yield Expiring(what, f"expires in {left} days", fact.source)

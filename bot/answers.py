"""Answers a caseworker can start from: shared ones, and a unit's own; in `deanery/answers/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.deanery import deaneries
from bot.paths import DEANERIES

FOLDER = DEANERIES / "answers"
COMMON = "common"

FIELDS = {"id", "title", "text"}

PLACEHOLDER = re.compile(r"[{}\[\]<>]|_{2,}|\.{4,}|…{2,}|\bX{2,}\b")
"""What a text has that somebody has to fill in: a template that is sent as it is may have none."""


class AnswersError(ValueError):
    """A file of answers is wrong; the message names file, entry and mend."""


@dataclass(frozen=True)
class StoredAnswer:
    """One answer: its id in its file, what it is called in the list, and its text."""

    file: str
    id: str
    title: str
    text: str

    @property
    def key(self) -> str:
        """What it is called in the sign-off of sentences."""
        return f"answer:{self.file}:{self.id}"


def answers_for(deanery: str) -> list[StoredAnswer]:
    """Return a unit's own answers, then the shared ones that it does not replace.

    Raises:
        AnswersError: if a file is wrong.
    """
    files = all_answers()
    own = files.get(deanery, ())
    replaced = {answer.id for answer in own}
    return [*own, *(answer for answer in files[COMMON] if answer.id not in replaced)]


@cache
def all_answers(folder: Path = FOLDER) -> dict[str, tuple[StoredAnswer, ...]]:
    """Return file name without its ending -> its answers, in the order of the file.

    Raises:
        AnswersError: at the first file that is wrong, or of no deanery.
    """
    found = {}
    for path in sorted(folder.glob("*.yml")):
        if path.stem != COMMON and path.stem not in deaneries():
            raise AnswersError(
                f"answers/{path.name}: no deanery has this key; name the file {COMMON}.yml"
                " or after a deanery's file"
            )
        found[path.stem] = _read(path)
    if COMMON not in found:
        raise AnswersError(f"answers/{COMMON}.yml: the file is missing in {folder.parent}")
    return found


def _read(path: Path) -> tuple[StoredAnswer, ...]:
    where = f"answers/{path.name}"
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise AnswersError(f"{where}: not UTF-8 text; save the file as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise AnswersError(f"{where}{line}: not valid YAML; check indents and quotes") from None
    if not isinstance(rows, list) or not rows:
        raise AnswersError(f"{where}: must be a list of answers")
    answers = tuple(_answer(where, number, row) for number, row in enumerate(rows, 1))
    ids = [answer.id for answer in answers]
    twice = next((id_ for id_ in ids if ids.count(id_) > 1), None)
    if twice:
        raise AnswersError(f"{where}: id {twice} is there twice; give one of them another")
    return answers


def _answer(where: str, number: int, row: Any) -> StoredAnswer:
    if not isinstance(row, dict) or set(row) != FIELDS:
        raise AnswersError(f"{where}, answer {number}: must have id, title and text, and no other")
    for field in sorted(FIELDS):
        if not isinstance(row[field], str) or not row[field].strip():
            raise AnswersError(f"{where}, answer {number}: {field} is missing; write a text")
    if not re.fullmatch("[a-z][a-z0-9_]*", row["id"]):
        raise AnswersError(
            f"{where}, answer {number}: id is {row['id']!r}; use small letters, digits and _"
        )
    blank = PLACEHOLDER.search(row["text"])
    if blank:
        raise AnswersError(
            f"{where}, {row['id']}: text has {blank.group(0)!r}; write it so that it can be sent"
            " without filling anything in"
        )
    return StoredAnswer(
        Path(where).stem, row["id"], " ".join(row["title"].split()), row["text"].strip()
    )

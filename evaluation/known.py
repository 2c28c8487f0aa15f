"""The known failures: what the model should say and what it says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bot.nlu.taxonomy import FACETS
from bot.recognise import Recogniser
from evaluation.sets import KNOWN_FAILURES


@dataclass(frozen=True)
class Known:
    """One message of `known_failures.yml`; `says` has the fields that `should` has."""

    text: str
    about: str
    should: dict[str, Any]
    says: dict[str, Any]

    @property
    def mended(self) -> bool:
        """Whether the model now says what it should."""
        return self.should == self.says


def ask_known(recogniser: Recogniser) -> list[Known]:
    """Ask the model about every known failure."""
    rows = yaml.safe_load(KNOWN_FAILURES.read_text(encoding="utf-8"))
    return [_asked(row, recogniser.decide(row["text"])) for row in rows]


def _asked(row: Mapping[str, Any], decision: Mapping[str, Any]) -> Known:
    fields = row["should"]
    return Known(
        row["text"],
        row["about"],
        {field: _plain(field, fields[field]) for field in fields},
        {field: _plain(field, decision[field]) for field in fields},
    )


def _plain(field: str, value: Any) -> Any:
    return sorted(value) if field in FACETS else value

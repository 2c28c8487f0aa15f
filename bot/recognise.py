"""Recognition without dialogue, for `sidedoor parse`: text in, the taxonomy's labels out."""

from __future__ import annotations

import json
from typing import Any

from rasa.core.channels.channel import UserMessage

from bot.agent import load_processor
from bot.nlu.risk import RISK, RISK_SCORES, RISK_SOURCES
from bot.nlu.signals import SIGNAL_SCORES, SIGNALS
from bot.nlu.taxonomy import FACETS
from bot.recognition import Processor

FALLBACK = "nlu_fallback"
"""What Rasa puts first when no intent is likely enough; it is none of the taxonomy's."""


class Recogniser:
    """The trained NLU pipeline."""

    def __init__(self, processor: Processor) -> None:
        """Wrap a loaded message processor."""
        self._processor = processor

    @classmethod
    def load(cls) -> Recogniser:
        """Load the newest model.

        Raises:
            NotOurPartError: if there is no model.
        """
        return cls(load_processor())

    def parse(self, text: str) -> dict[str, Any]:
        """Return Rasa's parse data of `text`."""
        from bot.channels.conversation import as_text

        return self._processor.parse_together([UserMessage(as_text(text))])[0]

    def decide(self, text: str, scores: bool = False) -> dict[str, Any]:
        """Return `intent`, `stage`, `pattern`, `concern` and `risk`, with `scores` if asked."""
        parsed = self.parse(text)
        decision = {
            "intent": likeliest_intent(parsed["intent_ranking"]),
            **{facet: parsed[SIGNALS][facet] for facet in FACETS},
            "risk": parsed[RISK],
        }
        if scores:
            decision["scores"] = {
                "intent": {
                    intent["name"]: intent["confidence"]
                    for intent in parsed["intent_ranking"]
                    if intent["name"] != FALLBACK
                },
                **parsed[SIGNAL_SCORES],
                "risk": parsed[RISK_SCORES],
                "risk_sources": parsed[RISK_SOURCES],
            }
        return decision


def likeliest_intent(ranking: list[dict[str, Any]]) -> str:
    """Return the likeliest intent, before the fallback took the place of an unsure one."""
    names = (str(intent["name"]) for intent in ranking)
    return next((name for name in names if name != FALLBACK), "nonsense")


def answer_line(recogniser: Recogniser, line: bytes, scores: bool) -> str:
    """Return the JSON answer to one line of input; a bad line gets an error object."""
    identifier = None
    try:
        row = _object(line)
        identifier = row.get("id")
        if not isinstance(row.get("text"), str):
            raise ValueError("text must be a string")
    except ValueError as error:
        return json.dumps({"id": identifier, "error": str(error)})
    return json.dumps({"id": identifier, **recogniser.decide(row["text"], scores)})


def _object(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise ValueError("the line must be UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("the line must be JSON") from None
    if not isinstance(row, dict):
        raise ValueError("the line must be a JSON object")
    return row


def _no_number(name: str) -> None:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(name)

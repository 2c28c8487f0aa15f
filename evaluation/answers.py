"""What the trained model says of many messages, as arrays; nothing is kept after the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.nlu.taxonomy import OWN_RISK
from bot.recognise import Recogniser
from evaluation.sets import SIGNAL_NAMES

FALLBACK = "nlu_fallback"
SOURCES = ("patterns", "classifier", "union")
"""Who said it: either detector alone, and both together, which is what counts."""


@dataclass(frozen=True)
class Answers:
    """Answers to n messages, in their order.

    Attributes:
        labels: (n, labels), the labels decided; columns as in `SIGNAL_NAMES`.
        probabilities: (n, labels).
        intents: what was decided, the fallback included.
        ranked: (n,) the classifier's first intent, before the fallback.
        confidences: (n,) its probability.
        risks: source -> the risk it said of each message.
        own: (n,) probability of any own risk.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    intents: tuple[str, ...]
    ranked: tuple[str, ...]
    confidences: np.ndarray
    risks: dict[str, tuple[str, ...]]
    own: np.ndarray

    def some(self, chosen: Sequence[int]) -> Answers:
        """Return the answers to some of the messages."""
        index = np.array(chosen, int)
        return Answers(
            self.labels[index],
            self.probabilities[index],
            tuple(self.intents[i] for i in chosen),
            tuple(self.ranked[i] for i in chosen),
            self.confidences[index],
            {source: tuple(said[i] for i in chosen) for source, said in self.risks.items()},
            self.own[index],
        )

    def own_risk(self, source: str = "union") -> np.ndarray:
        """Return (n,) whether `source` said own risk."""
        return np.array([risk in OWN_RISK for risk in self.risks[source]], bool)

    def said(self, risk: str, source: str = "union") -> np.ndarray:
        """Return (n,) whether `source` said `risk`."""
        return np.array([found == risk for found in self.risks[source]], bool)


def ask(recogniser: Recogniser, texts: Sequence[str]) -> Answers:
    """Ask the model about every text, one at a time, as in a conversation."""
    decisions = [recogniser.decide(text, scores=True) for text in texts]
    ranked = [_first_intent(d["scores"]["intent"]) for d in decisions]
    sources = [{**d["scores"]["risk_sources"], "union": d["risk"]} for d in decisions]
    return Answers(
        labels=np.array([_row(d, _decided) for d in decisions], bool),
        probabilities=np.array([_row(d, _probability) for d in decisions], float),
        intents=tuple(d["intent"] for d in decisions),
        ranked=tuple(name for name, _ in ranked),
        confidences=np.array([confidence for _, confidence in ranked]),
        risks={source: tuple(s[source] for s in sources) for source in SOURCES},
        own=np.array([d["scores"]["risk"].get("own", 0.0) for d in decisions]),
    )


def _row(decision: dict[str, Any], value: Any) -> list[float]:
    return [value(decision, *name.split("/")) for name in SIGNAL_NAMES]


def _decided(decision: dict[str, Any], facet: str, label: str) -> bool:
    return label in decision[facet]


def _probability(decision: dict[str, Any], facet: str, label: str) -> float:
    return decision["scores"][facet].get(label, 0.0)


def _first_intent(ranking: dict[str, float]) -> tuple[str, float]:
    return next((name, value) for name, value in ranking.items() if name != FALLBACK)

"""The trained part of risk detection: one of the taxonomy's risks, as probabilities.

Whether there is any own risk is also read from the words themselves:
docs/decisions/0013-words-for-risk.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.nlu.heads import fit_logistic
from bot.nlu.taxonomy import OWN_RISK, risk_order
from bot.nlu.words import WordHeads, fit_word_heads

RISK_STRENGTH = 10.0
"""Inverse regularisation (sklearn's C)."""

OWN = "own"
"""Name of the sum of all own risks."""

_FILE = "risk.npz"

DECIDED = (OWN, "third_party")
"""What is decided by a threshold; which own risk it is, is the most probable one."""


@dataclass(frozen=True)
class RiskHead:
    """Multinomial logistic regression: `weights` (risks, features), `biases` (risks,).

    One of several is learnt better than a yes or no for each: an ordinary message competes
    with every risk at once. `words` has one column, own risk or none.
    """

    weights: np.ndarray
    biases: np.ndarray
    words: WordHeads

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return probabilities (messages, risks), columns in the order of `risk_order()`."""
        scores = features @ self.weights.T + self.biases
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return scores / scores.sum(1, keepdims=True)

    def scores(self, features: np.ndarray, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Return name of `DECIDED` -> its score (messages,): log-odds, of own risk with words'."""
        probabilities = self.probabilities(features)
        own = probabilities[:, [risk_order().index(risk) for risk in OWN_RISK]].sum(1)
        third = probabilities[:, risk_order().index("third_party")]
        return {
            OWN: _log_odds(own) + self.words.scores(texts)[:, 0],
            "third_party": _log_odds(third),
        }

    def save(self, folder: Path) -> None:
        """Write the head into `folder`."""
        np.savez(folder / _FILE, weights=self.weights, biases=self.biases)
        self.words.save(folder)

    @classmethod
    def load(cls, folder: Path) -> RiskHead:
        """Read a head written by `save`."""
        with np.load(folder / _FILE) as file:
            return cls(file["weights"], file["biases"], WordHeads.load(folder))


def fit_risk_head(features: np.ndarray, risks: Sequence[str], texts: Sequence[str]) -> RiskHead:
    """Fit the head on `features` (messages, n), their risks, every one among them, and texts."""
    targets = np.array([risk_order().index(risk) for risk in risks])
    model = fit_logistic(features, targets, RISK_STRENGTH)
    own = np.array([[risk in OWN_RISK] for risk in risks], int)
    return RiskHead(
        model.coef_.astype(np.float32),
        model.intercept_.astype(np.float32),
        fit_word_heads(texts, own),
    )


def _log_odds(p: np.ndarray) -> np.ndarray:
    p = np.clip(p.astype(np.float64), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))

"""The trained part of risk detection: one of the taxonomy's risks, as probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.nlu.heads import fit_logistic
from bot.nlu.taxonomy import OWN_RISK, risk_order

RISK_STRENGTH = 10.0
"""Inverse regularisation (sklearn's C)."""

OWN = "own"
"""Name of the sum of all own risks."""

DECIDED = (OWN, "third_party")
"""What is decided by a threshold; which own risk it is, is the most probable one."""


@dataclass(frozen=True)
class RiskHead:
    """Multinomial logistic regression: `weights` (risks, features), `biases` (risks,).

    One of several is learnt better than a yes or no for each: an ordinary message competes
    with every risk at once.
    """

    weights: np.ndarray
    biases: np.ndarray

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return probabilities (messages, risks), columns in the order of `risk_order()`."""
        scores = features @ self.weights.T + self.biases
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return scores / scores.sum(1, keepdims=True)

    def scores(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """Return name of `DECIDED` -> its log-odds (messages,)."""
        return decided_scores(self.probabilities(features))

    def save(self, path: Path) -> None:
        """Write the head to one `.npz` file."""
        np.savez(path, weights=self.weights, biases=self.biases)

    @classmethod
    def load(cls, path: Path) -> RiskHead:
        """Read a head written by `save`."""
        with np.load(path) as file:
            return cls(file["weights"], file["biases"])


def fit_risk_head(features: np.ndarray, risks: Sequence[str]) -> RiskHead:
    """Fit the head on `features` (messages, n) and their risks, every risk among them."""
    targets = np.array([risk_order().index(risk) for risk in risks])
    model = fit_logistic(features, targets, RISK_STRENGTH)
    return RiskHead(model.coef_.astype(np.float32), model.intercept_.astype(np.float32))


def decided_scores(probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """Return log-odds of `DECIDED` from probabilities (messages, risks)."""
    own = probabilities[:, [risk_order().index(risk) for risk in OWN_RISK]].sum(1)
    third = probabilities[:, risk_order().index("third_party")]
    return {OWN: _log_odds(own), "third_party": _log_odds(third)}


def _log_odds(p: np.ndarray) -> np.ndarray:
    p = np.clip(p.astype(np.float64), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))

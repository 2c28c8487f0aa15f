"""Calibration and thresholds: from a head's score to a probability and a yes or no."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.paths import RECOGNISER


@dataclass(frozen=True)
class Decision:
    """How one label is decided.

    The probability of a score s is `sigmoid(slope * s + offset)` (Platt 1999), fitted on
    held-out messages; `threshold` is on `slope * s + offset`, where F1 is expected to be best.
    """

    slope: float
    offset: float
    threshold: float


def read_decisions(path: Path) -> dict[str, Decision]:
    """Return label name -> decision."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {name: Decision(**row) for name, row in rows.items()}


def shipped_decisions() -> dict[str, Decision]:
    """Return the decisions that the recipe in `training/` wrote."""
    return read_decisions(RECOGNISER / "decisions.json")


def platt(scores: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Fit slope and offset of the calibration on held-out `scores`."""
    model = LogisticRegression(C=1e6).fit(scores[:, None], target)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def best_threshold(scores: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Return the threshold on `scores` with the highest F1, and that F1."""
    order = np.argsort(-scores)
    hits = np.cumsum(target[order])
    taken = np.arange(1, len(order) + 1)
    f1 = 2 * hits / (taken + target.sum())
    best = int(np.argmax(f1))
    following = scores[order[min(best + 1, len(order) - 1)]]
    return float((scores[order[best]] + following) / 2), float(f1[best])


def expected_threshold(scores: np.ndarray) -> float:
    """Return the threshold at which F1 is expected to be highest, if `scores` are log-odds.

    It asks the calibration and not the labels themselves, of which a rare label has too few: in
    cross-validation it does better than the threshold of the best observed F1.
    """
    chances = 1 / (1 + np.exp(-np.sort(scores)[::-1]))
    expected = 2 * np.cumsum(chances) / (np.arange(1, len(chances) + 1) + chances.sum())
    return float(np.sort(scores)[::-1][int(np.argmax(expected))])


def f1_at(threshold: float, scores: np.ndarray, target: np.ndarray) -> float:
    """Return the F1 of taking every score from `threshold` on."""
    taken = scores >= threshold
    return float(2 * (taken & (target == 1)).sum() / max(1, taken.sum() + target.sum()))


def threshold_at_false_alarms(
    scores: np.ndarray, target: np.ndarray, share: float
) -> tuple[float, float]:
    """Return the lowest threshold with at most `share` false alarms, and the recall there."""
    negatives = np.sort(scores[target == 0])[::-1]
    threshold = float(negatives[int(share * len(negatives))]) + 1e-6
    return threshold, float((scores[target == 1] >= threshold).mean())

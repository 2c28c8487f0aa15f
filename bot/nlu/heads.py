"""Linear yes-or-no classifiers over sentence vectors, decided by shipped thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression

from bot.nlu.decisions import Decision

T = TypeVar("T")

SEED = 42

TOLERANCE = 1e-5
"""Largest part of the gradient, per example, at which a fit ends.

scikit-learn 1.1 compares the sum over all examples with its `tol`, so that its default of 1e-4 asks
of tens of thousands of examples for twice the steps, and changes next to no decision.
"""


def fit_logistic(features: np.ndarray, target: np.ndarray, strength: float) -> LogisticRegression:
    """Fit a logistic regression; `strength` is sklearn's C, the inverse of regularisation."""
    enough = TOLERANCE * len(target)
    model = LogisticRegression(C=strength, max_iter=300, tol=enough, random_state=SEED)
    return model.fit(features.astype(np.float64, copy=False), target)


def at_once(tasks: Iterable[Callable[[], T]]) -> list[T]:
    """Return what every task returns, in their order, a core for each."""
    return list(Parallel(n_jobs=-1, prefer="threads")(delayed(task)() for task in tasks))


def fit_each(fit: Callable[[np.ndarray], LogisticRegression], targets: np.ndarray) -> list[Any]:
    """Return `fit(column)` for every column of `targets` (messages, labels), a core for each."""
    return at_once(partial(fit, column) for column in targets.T)


@dataclass(frozen=True)
class LabelHeads:
    """Heads for `labels`: `weights` (labels, features), the other arrays (labels,).

    A head's scaled score is `slope * (x @ w + b) + offset`; with that of its words added
    (`bot.nlu.words`), its sigmoid is the calibrated probability, and the label holds from
    `threshold` on.
    """

    labels: tuple[str, ...]
    weights: np.ndarray
    biases: np.ndarray
    thresholds: np.ndarray

    def scores(self, features: np.ndarray) -> np.ndarray:
        """Return scaled scores (messages, labels) for `features` (messages, n)."""
        return features @ self.weights.T + self.biases

    def save(self, path: Path) -> None:
        """Write the heads to one `.npz` file."""
        np.savez(
            path,
            labels=np.array(self.labels),
            weights=self.weights,
            biases=self.biases,
            thresholds=self.thresholds,
        )

    @classmethod
    def load(cls, path: Path) -> LabelHeads:
        """Read heads written by `save`."""
        with np.load(path) as f:
            labels = tuple(str(label) for label in f["labels"])
            return cls(labels, f["weights"], f["biases"], f["thresholds"])


def fit_label_heads(
    features: np.ndarray,
    targets: np.ndarray,
    labels: Sequence[str],
    strength: float,
    decisions: Mapping[str, Decision],
) -> LabelHeads:
    """Fit one head a label, its calibration folded into weights and bias.

    Args:
        features: (messages, n).
        targets: (messages, labels), 0 or 1.
        labels: their names, keys of `decisions`.
        strength: sklearn's C.
        decisions: calibration and threshold of every label, found on held-out messages.

    Raises:
        ValueError: naming a label without a decision.
    """
    missing = [label for label in labels if label not in decisions]
    if missing:
        raise ValueError(
            f"nlu_data/recogniser/decisions.json has no {missing[0]}; run training/adapt_encoder"
        )
    weights, biases = [], []
    features = features.astype(np.float64, copy=False)  # once, and not for every head
    models = fit_each(lambda column: fit_logistic(features, column, strength), targets)
    for label, model in zip(labels, models, strict=True):
        decision = decisions[label]
        weights.append(decision.slope * model.coef_[0])
        biases.append(decision.slope * float(model.intercept_[0]) + decision.offset)
    thresholds = np.array([decisions[label].threshold for label in labels])
    return LabelHeads(
        tuple(labels), np.array(weights, np.float32), np.array(biases, np.float32), thresholds
    )


def sigmoid(x: float) -> float:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1.0 + math.tanh(0.5 * x))

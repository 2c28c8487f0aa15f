"""Heads fitted again on stored vectors: the learning curve, and the encoder before adaptation.

Neither touches the shipped model. Messages are read whole here, without the parts into which
the assistant also splits long ones when it looks for risk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu.decisions import best_threshold
from bot.nlu.encoder import SentenceEncoder
from bot.nlu.example_vectors import example_vectors
from bot.nlu.examples import Example, read_file
from bot.nlu.heads import SEED, fit_logistic
from bot.nlu.risk_head import OWN, fit_risk_head
from bot.nlu.targets import INTENT_STRENGTH, LABEL_STRENGTH, label_targets
from bot.nlu.taxonomy import FACETS
from bot.nlu.text import as_read
from bot.paths import DEVELOPMENT, MESSAGES, RECOGNISER
from evaluation.measures import ENOUGH, count, macro_f1, ranking
from evaluation.reports import has_own_risk, has_risk
from evaluation.sets import CHAT, PLAIN, SAFETY, TOLD, Line, columns, signal_truth, texts

FRACTIONS = (1 / 8, 1 / 4, 1 / 2, 1.0)
ADAPTER = RECOGNISER / "adapter.safetensors"


@dataclass(frozen=True)
class Point:
    """Heads fitted on so many examples, and how they do.

    `best` is facet -> macro F1 on the chat set with each label's threshold chosen afterwards
    on that set: an upper bound, which needs no threshold to be fitted at every size.
    """

    examples: int
    best: dict[str, float]
    intent_accuracy: float
    own_risk_ranking: float


@dataclass(frozen=True)
class EncoderRow:
    """One encoder with its heads; `held_out` and `best` are (set, facet) -> macro F1.

    `held_out` has thresholds found on the file that the recipe holds out for them, `best`
    afterwards on the set.
    """

    name: str
    held_out: dict[tuple[str, str], float]
    best: dict[tuple[str, str], float]
    intent_accuracy: float
    own_risk_ranking: float


@dataclass(frozen=True)
class Training:
    """The training examples; `held_out` marks those that the recipe finds thresholds on."""

    examples: list[Example]
    held_out: np.ndarray


@dataclass(frozen=True)
class Vectors:
    """The training examples and the evaluation sets as one encoder sees them."""

    examples: Sequence[Example]
    held_out: np.ndarray
    train: np.ndarray
    sets: Mapping[str, tuple[Sequence[Line], np.ndarray]]

    @cached_property
    def targets(self) -> np.ndarray:
        """Return (examples, labels): what the yes-or-no heads are fitted to."""
        return label_targets(self.examples)

    @cached_property
    def intents(self) -> np.ndarray:
        """Return (examples,): what the intent classifier is fitted to."""
        return np.array([example.intent for example in self.examples])


def recipe() -> dict[str, Any]:
    """Return what the recipe wrote about the shipped adapter."""
    return json.loads((RECOGNISER / "recipe.json").read_text(encoding="utf-8"))


def messages_changed() -> bool:
    """Whether the messages are others than those that the recipe read."""
    digest = hashlib.sha256()
    for folder in (MESSAGES, DEVELOPMENT):
        for path in sorted(folder.glob("*.jsonl")):
            digest.update(path.read_bytes())
    return digest.hexdigest() != recipe()["messages_sha256"]


def read_training() -> Training:
    """Return the training examples, files in the order of their names."""
    by_file = {path.name: list(read_file(path)) for path in sorted(MESSAGES.glob("*.jsonl"))}
    names = recipe()["held_out"]
    held_out = np.array([file in names for file, examples in by_file.items() for _ in examples])
    return Training([e for examples in by_file.values() for e in examples], held_out)


def vectors_of(
    training: Training, sets: Mapping[str, Sequence[Line]], adapter: Path | None
) -> Vectors:
    """Encode everything with the encoder, adapted if `adapter` is given."""
    train = example_vectors([as_read(e.text) for e in training.examples], adapter)
    encoder = SentenceEncoder(adapter)
    encoded = {
        name: (lines, encoder.encode([as_read(t) for t in texts(lines)]))
        for name, lines in sets.items()
    }
    return Vectors(training.examples, training.held_out, train, encoded)


def learning_curve(
    adapted: Vectors, fractions: Sequence[float] = FRACTIONS
) -> tuple[list[Point], np.ndarray, np.ndarray]:
    """Fit heads on growing parts of the examples, each holding the one before it.

    Returns:
        The points, and the heads' weights (labels, 384) and biases on all examples.
    """
    order = np.random.default_rng(SEED).permutation(len(adapted.examples))
    points = []
    for fraction in fractions:
        part = order[: round(fraction * len(order))]
        weights, biases = _fit(adapted.train[part], adapted.targets[part])
        points.append(
            Point(
                len(part),
                {facet: _best(adapted, CHAT, facet, weights, biases) for facet in FACETS},
                _intent_accuracy(adapted, part),
                _own_ranking(adapted, part),
            )
        )
    return points, weights, biases


def frozen_row(frozen: Vectors) -> EncoderRow:
    """Fit heads on the vectors of the encoder as published, thresholds as the recipe does."""
    weights, biases = _fit(frozen.train, frozen.targets)
    part = np.arange(len(frozen.examples))
    return _row("as published, frozen", frozen, weights, biases, _thresholds(frozen), part)


def adapted_row(adapted: Vectors, weights: np.ndarray, biases: np.ndarray) -> EncoderRow:
    """Return the adapted encoder's row, from heads on all examples and without their words."""
    part = np.arange(len(adapted.examples))
    return _row("adapted, without words", adapted, weights, biases, _thresholds(adapted), part)


def _row(
    name: str,
    vectors: Vectors,
    weights: np.ndarray,
    biases: np.ndarray,
    thresholds: np.ndarray,
    part: np.ndarray,
) -> EncoderRow:
    held_out, best = {}, {}
    for which in (CHAT, TOLD, PLAIN):
        lines, encoded = vectors.sets[which]
        found = encoded @ weights.T + biases >= thresholds
        table = count(signal_truth(line.example for line in lines), found)
        for facet in FACETS:
            held_out[which, facet] = macro_f1([table[i] for i in columns(facet)])[0]
            best[which, facet] = _best(vectors, which, facet, weights, biases)
    return EncoderRow(
        name,
        held_out,
        best,
        _intent_accuracy(vectors, part),
        _own_ranking(vectors, part),
    )


def _fit(features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (labels, 384) and biases; a label without examples never scores."""
    weights = np.zeros((targets.shape[1], features.shape[1]))
    biases = np.zeros(targets.shape[1])
    for column in range(targets.shape[1]):
        if targets[:, column].any():
            model = fit_logistic(features, targets[:, column], LABEL_STRENGTH)
            weights[column], biases[column] = model.coef_[0], model.intercept_[0]
    return weights, biases


def _thresholds(vectors: Vectors) -> np.ndarray:
    seen, unseen = ~vectors.held_out, vectors.held_out
    weights, biases = _fit(vectors.train[seen], vectors.targets[seen])
    scores, targets = vectors.train[unseen] @ weights.T + biases, vectors.targets[unseen]
    return np.array(
        [best_threshold(scores[:, i], targets[:, i])[0] for i in range(scores.shape[1])]
    )


def _best(
    vectors: Vectors, name: str, facet: str, weights: np.ndarray, biases: np.ndarray
) -> float:
    lines, encoded = vectors.sets[name]
    truth = signal_truth(line.example for line in lines)
    scores = encoded @ weights.T + biases
    kept = [i for i in columns(facet) if truth[:, i].sum() >= ENOUGH]
    return float(np.mean([best_threshold(scores[:, i], truth[:, i])[1] for i in kept]))


def _intent_accuracy(vectors: Vectors, part: np.ndarray) -> float:
    model = fit_logistic(vectors.train[part], vectors.intents[part], INTENT_STRENGTH)
    lines, encoded = vectors.sets[CHAT]
    return float(np.mean(model.predict(encoded) == [line.example.intent for line in lines]))


def _own_ranking(vectors: Vectors, part: np.ndarray) -> float:
    examples = [vectors.examples[i] for i in part]
    risks, said = [e.risk for e in examples], [e.text for e in examples]
    head = fit_risk_head(vectors.train[part], risks, said)
    lines, encoded = vectors.sets[SAFETY]
    own, none = has_own_risk(lines), has_risk(lines, "none")
    scores = head.scores(encoded, texts(lines))[OWN]
    return ranking(scores[own | none], own[own | none])

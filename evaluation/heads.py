"""Which heads and which thresholds: `python -m evaluation.heads`, in two minutes.

Heads are fitted on the messages that the adapter saw and asked about those that the recipe holds
out (four files of nlu_data/messages/, and nlu_data/development/). Calibration and thresholds are
found on four fifths of these and measured on the fifth, five times. No evaluation set is read.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.model_selection import KFold

from bot.nlu.decisions import best_threshold, expected_threshold, platt
from bot.nlu.encoder import SentenceEncoder
from bot.nlu.examples import read_examples
from bot.nlu.heads import SEED, fit_logistic
from bot.nlu.targets import LABEL_STRENGTH, label_targets
from bot.nlu.taxonomy import FACETS
from bot.nlu.text import as_read
from bot.nlu.words import fit_word_heads
from bot.paths import DEVELOPMENT
from evaluation.refit import ADAPTER, read_training, vectors_of
from evaluation.sets import columns

FOLDS = 5


def held_out_scores() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vector scores, word scores and targets, each (held-out messages, labels)."""
    training = read_training()
    vectors = vectors_of(training, {}, ADAPTER).train
    seen, held = ~training.held_out, training.held_out
    development = list(read_examples(DEVELOPMENT))
    examples = [e for e, is_held in zip(training.examples, held, strict=True) if is_held]
    examples += development
    taught = [e for e, is_held in zip(training.examples, held, strict=True) if not is_held]
    encoded = SentenceEncoder(ADAPTER).encode([as_read(e.text) for e in development])
    unseen = np.concatenate([vectors[held], encoded])
    targets = label_targets(taught)
    scores = np.stack(
        [
            fit_logistic(vectors[seen], column, LABEL_STRENGTH).decision_function(unseen)
            for column in targets.T
        ],
        axis=1,
    )
    words = fit_word_heads([e.text for e in taught], targets).scores([e.text for e in examples])
    return scores, words, label_targets(examples)


def decided(scores: np.ndarray, targets: np.ndarray, expected: bool) -> np.ndarray:
    """Return which labels hold (messages, labels), each message decided by the other folds."""
    found = np.zeros(scores.shape, bool)
    for fit, test in KFold(FOLDS, shuffle=True, random_state=SEED).split(scores):
        for label in range(scores.shape[1]):
            slope, offset = platt(scores[fit, label], targets[fit, label])
            odds = slope * scores[:, label] + offset
            threshold = (
                expected_threshold(odds[fit])
                if expected
                else best_threshold(odds[fit], targets[fit, label])[0]
            )
            found[test, label] = odds[test] >= threshold
    return found


def rows() -> Iterator[tuple[str, str, dict[str, float]]]:
    """Yield heads, kind of threshold, and facet -> macro F1 over all labels."""
    vectors, words, targets = held_out_scores()
    for name, scores in (("vectors", vectors), ("words", words), ("both", vectors + words)):
        for kind, expected in (("best observed F1", False), ("best expected F1", True)):
            found = decided(scores, targets, expected)
            hits = (found & (targets == 1)).sum(0)
            f1 = 2 * hits / np.maximum(1, found.sum(0) + targets.sum(0))
            yield name, kind, {facet: float(f1[columns(facet)].mean()) for facet in FACETS}


if __name__ == "__main__":
    print("| heads over | threshold | stage | pattern | concern |\n|---|---|---|---|---|")
    for heads, kind, figures in rows():
        print(f"| {heads} | {kind} | " + " | ".join(f"{f:.2f}" for f in figures.values()) + " |")

"""Which heads and which thresholds: `python -m evaluation.heads`, in two minutes.

Heads are fitted on the messages that the adapter saw and asked about those that the recipe holds
out (four files of nlu_data/messages/, and nlu_data/development/). Calibration and thresholds are
found on four fifths of these and measured on the fifth, five times. Of own risk it says how much is
found at the recipe's shares of false alarms. No evaluation set is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import KFold

from bot.nlu.decisions import (
    best_threshold,
    expected_threshold,
    platt,
    threshold_at_false_alarms,
)
from bot.nlu.encoder import SentenceEncoder
from bot.nlu.examples import Example, read_examples, read_file
from bot.nlu.heads import SEED, fit_logistic
from bot.nlu.risk_head import OWN, fit_risk_head
from bot.nlu.targets import LABEL_STRENGTH, label_targets
from bot.nlu.taxonomy import FACETS, OWN_RISK
from bot.nlu.text import as_read
from bot.nlu.words import fit_word_heads
from bot.paths import DEVELOPMENT
from evaluation.refit import ADAPTER, read_training, vectors_of
from evaluation.sets import columns
from training.decisions import HARD, MOST_FALSE_ALARMS

FOLDS = 5


@dataclass(frozen=True)
class HeldOut:
    """Messages that neither adapter nor heads have seen, and those that they have."""

    taught: list[Example]
    seen: np.ndarray
    examples: list[Example]
    unseen: np.ndarray
    hard: np.ndarray
    """(messages,) whether each was written to be mistaken for risk."""


def held_out() -> HeldOut:
    """Return the messages with their vectors (messages, 384)."""
    training = read_training()
    vectors = vectors_of(training, {}, ADAPTER).train
    seen, held = ~training.held_out, training.held_out
    development = list(read_examples(DEVELOPMENT))
    examples = [e for e, is_held in zip(training.examples, held, strict=True) if is_held]
    examples += development
    taught = [e for e, is_held in zip(training.examples, held, strict=True) if not is_held]
    encoded = SentenceEncoder(ADAPTER).encode([as_read(e.text) for e in development])
    unseen = np.concatenate([vectors[held], encoded])
    mistaken = {e.text for path in HARD for e in read_file(path)}
    hard = np.array([e.text in mistaken for e in examples])
    return HeldOut(taught, vectors[seen], examples, unseen, hard)


def label_scores(held: HeldOut) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vector scores, word scores and targets, each (held-out messages, labels)."""
    targets = label_targets(held.taught)
    scores = np.stack(
        [
            fit_logistic(held.seen, column, LABEL_STRENGTH).decision_function(held.unseen)
            for column in targets.T
        ],
        axis=1,
    )
    words = fit_word_heads([e.text for e in held.taught], targets)
    return scores, words.scores([e.text for e in held.examples]), label_targets(held.examples)


def risk_rows(held: HeldOut) -> Iterator[tuple[str, float]]:
    """Yield heads, and the share of own risk that they find at `MOST_FALSE_ALARMS`."""
    head = fit_risk_head(held.seen, [e.risk for e in held.taught], [e.text for e in held.taught])
    texts = [e.text for e in held.examples]
    own = np.array([e.risk in OWN_RISK for e in held.examples], int)
    both, words = head.scores(held.unseen, texts)[OWN], head.words.scores(texts)[:, 0]
    for heads, scores in (("vectors", both - words), ("words", words), ("both", both)):
        threshold = max(
            threshold_at_false_alarms(scores[group], own[group], MOST_FALSE_ALARMS[name])[0]
            for group, name in ((held.hard, "hard"), (~held.hard, "ordinary"))
        )
        yield heads, float((scores[own == 1] >= threshold).mean())


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


def rows(held: HeldOut) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Yield heads, kind of threshold, and facet -> macro F1 over all labels."""
    vectors, words, targets = label_scores(held)
    for name, scores in (("vectors", vectors), ("words", words), ("both", vectors + words)):
        for kind, expected in (("best observed F1", False), ("best expected F1", True)):
            found = decided(scores, targets, expected)
            hits = (found & (targets == 1)).sum(0)
            f1 = 2 * hits / np.maximum(1, found.sum(0) + targets.sum(0))
            yield name, kind, {facet: float(f1[columns(facet)].mean()) for facet in FACETS}


if __name__ == "__main__":
    messages = held_out()
    print("| heads over | own risk found |\n|---|---|")
    for heads, found in risk_rows(messages):
        print(f"| {heads} | {found:.3f} |")
    print("\n| heads over | threshold | stage | pattern | concern |\n|---|---|---|---|---|")
    for heads, kind, figures in rows(messages):
        print(f"| {heads} | {kind} | " + " | ".join(f"{f:.2f}" for f in figures.values()) + " |")

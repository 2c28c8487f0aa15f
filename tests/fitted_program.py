"""Fits every trained head on a sample of the examples and writes what they predict of others.

Run with the file to write (.npz): name of a head -> its scores (messages, labels). The examples'
vectors are those that ship with the adapter.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import TypeVar

import numpy as np

from bot.environment import prepare

prepare()

from bot.nlu.decisions import shipped_decisions  # noqa: E402  (the environment comes first)
from bot.nlu.examples import Example, read_examples  # noqa: E402
from bot.nlu.harm_examples import NO_ROUTE, read_harm_examples, route_of  # noqa: E402
from bot.nlu.harms import fit_harm_head  # noqa: E402
from bot.nlu.heads import fit_label_heads, fit_logistic  # noqa: E402
from bot.nlu.risk_head import fit_risk_head  # noqa: E402
from bot.nlu.shipped_vectors import SHORT, adapter_kind, shipped_vectors, text_key  # noqa: E402
from bot.nlu.targets import (  # noqa: E402
    INTENT_STRENGTH,
    LABEL_STRENGTH,
    label_names,
    label_targets,
)
from bot.nlu.text import as_read  # noqa: E402
from bot.nlu.words import fit_word_heads  # noqa: E402
from bot.paths import RECOGNISER  # noqa: E402

EACH = 8
"""Examples of every label in the sample; other labels of the same examples come on top."""

EVERY = 300
"""Of all examples, one in this many is predicted."""

Kept = TypeVar("Kept")


def sample(labelled: Iterable[tuple[Kept, Iterable[Hashable]]]) -> list[Kept]:
    """Return the first of (example, its labels) until there are `EACH` of every label."""
    seen: Counter[Hashable] = Counter()
    kept = []
    for example, labels in labelled:
        if any(seen[label] < EACH for label in labels):
            seen.update(labels)
            kept.append(example)
    return kept


def labels_of(example: Example) -> list[str]:
    """Return everything that is learnt of an example."""
    return [*example.stage, *example.pattern, *example.concern, example.intent, example.risk]


def predictions() -> dict[str, np.ndarray]:
    """Fit the heads, and return name -> what they predict of messages that others are among."""
    shipped = shipped_vectors(adapter_kind(RECOGNISER / "adapter.safetensors"))

    def key(text: str) -> str:
        return text_key(as_read(text))[:SHORT]

    def vectors(texts: list[str]) -> np.ndarray:
        return np.stack([shipped[key(text)] for text in texts])

    examples = [one for one in read_examples() if key(one.text) in shipped]
    harms = [one for one in read_harm_examples() if key(one.text) in shipped]
    taught = sample((one, labels_of(one)) for one in examples)
    told = sample((one, [one.route]) for one in harms)
    texts, asked = [one.text for one in taught], [one.text for one in examples[::EVERY]]
    features, others = vectors(texts), vectors(asked)
    targets = label_targets(taught)

    intents = fit_logistic(features, np.array([one.intent for one in taught]), INTENT_STRENGTH)
    labels = fit_label_heads(features, targets, label_names(), LABEL_STRENGTH, shipped_decisions())
    risk = fit_risk_head(features, [one.risk for one in taught], texts)
    ordinary = [one.text for one in taught if route_of(one) == NO_ROUTE]
    harm = fit_harm_head(
        vectors([*(one.text for one in told), *ordinary]),
        [*(one.route for one in told), *([NO_ROUTE] * len(ordinary))],
    )
    return {
        "intents": intents.predict_proba(others),
        "labels": labels.scores(others),
        "words": fit_word_heads(texts, targets).scores(asked),
        "risk": risk.probabilities(others),
        **{f"risk/{name}": scores for name, scores in risk.scores(others, asked).items()},
        "harms": harm.probabilities(others),
        "harm thresholds": np.array([harm.threshold, harm.clear]),
    }


if __name__ == "__main__":
    np.savez(sys.argv[1], **predictions())

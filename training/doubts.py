"""Labels that other writers' messages speak against: `python -m training.doubts > doubts.jsonl`.

For each label, heads are fitted on the messages of some writers and asked about those of the others
(a file of nlu_data/messages/ is one writer's). Where the answer and the label differ most, a reader
with the guide decides; the model never does. Prints a JSON line for every doubted label, grouped by
message: its file and line, the text, the label, whether it has it and how probable that is. Takes
two or three minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.model_selection import GroupKFold

from bot.nlu.decisions import platt
from bot.nlu.example_vectors import example_vectors
from bot.nlu.examples import read_file
from bot.nlu.heads import at_once, fit_logistic
from bot.nlu.targets import label_names, label_targets
from bot.nlu.text import as_read
from bot.nlu.words import fit_word_heads
from bot.paths import MESSAGES, RECOGNISER

FOLDS = 4

STRENGTH = 1.0
"""Inverse regularisation; stricter than what ships, as the encoder has seen every message."""

MISSING, NEEDLESS = 0.4, 0.22
"""A missing label is doubted above the first probability, one that is there below the second."""


@dataclass(frozen=True)
class Doubt:
    """A label of a message that other writers' messages speak against."""

    file: str
    line: int
    text: str
    label: str
    has: bool
    probability: float


def doubts() -> Iterator[Doubt]:
    """Yield every doubt, message by message."""
    places = [
        (path.name, number, example)
        for path in sorted(MESSAGES.glob("*.jsonl"))
        for number, example in enumerate(read_file(path), 1)
    ]
    examples = [example for _, _, example in places]
    targets = label_targets(examples)
    probabilities = unseen_probabilities(
        example_vectors([as_read(e.text) for e in examples], RECOGNISER / "adapter.safetensors"),
        [e.text for e in examples],
        targets,
        [name for name, _, _ in places],
    )
    for (name, number, example), has, told in zip(places, targets, probabilities, strict=True):
        for label, h, p in zip(label_names(), has, told, strict=True):
            if p < NEEDLESS if h else p > MISSING:
                yield Doubt(name, number, example.text, label, bool(h), round(float(p), 3))


def unseen_probabilities(
    vectors: np.ndarray, texts: list[str], targets: np.ndarray, writers: list[str]
) -> np.ndarray:
    """Return calibrated probabilities, shaped as `targets` (messages, labels), by other writers."""
    scores = np.zeros(targets.shape)
    vectors = vectors.astype(np.float64)
    for seen, unseen in GroupKFold(FOLDS).split(vectors, groups=writers):
        words = fit_word_heads([texts[i] for i in seen], targets[seen])
        fits = (partial(fit_logistic, vectors[seen], t, STRENGTH) for t in targets[seen].T)
        heads = at_once(fits)
        scores[unseen] = words.scores([texts[i] for i in unseen])
        scores[unseen] += np.stack([h.decision_function(vectors[unseen]) for h in heads], axis=1)
    scaled = []
    for score, target in zip(scores.T, targets.T, strict=True):
        slope, offset = platt(score, target)
        scaled.append(1 / (1 + np.exp(-(slope * score + offset))))
    return np.stack(scaled, axis=1)


def main() -> None:
    """Print them."""
    for doubt in doubts():
        print(json.dumps(vars(doubt), ensure_ascii=False))


if __name__ == "__main__":
    main()

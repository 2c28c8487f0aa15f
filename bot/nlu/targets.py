"""What the recogniser learns: names and targets of its yes-or-no labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bot.nlu.examples import Example
from bot.nlu.taxonomy import FACETS, labels

LABEL_STRENGTH = 3.0
"""Inverse regularisation (sklearn's C) of the yes-or-no heads."""

INTENT_STRENGTH = 3.0
"""Inverse regularisation of the intent classifier."""


def label_names() -> list[str]:
    """Return `<facet>/<label>` for every yes-or-no label."""
    return [f"{facet}/{label}" for facet in FACETS for label in labels(facet)]


def label_targets(examples: Iterable[Example]) -> np.ndarray:
    """Return an array (examples, labels) of 0 and 1, columns in the order of `label_names`."""
    names = [name.split("/") for name in label_names()]
    return np.array([[int(label in getattr(e, facet)) for facet, label in names] for e in examples])

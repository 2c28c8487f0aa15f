"""What the recogniser learns: names and targets of its yes-or-no labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bot.nlu.examples import Example
from bot.nlu.taxonomy import FACETS, NO_RISK, OWN_RISK, labels, risk_order

OWN = "own"
"""The risk label that stands for any own risk."""

LABEL_STRENGTH = 1.0
"""Inverse regularisation (sklearn's C) of the yes-or-no heads."""

INTENT_STRENGTH = 3.0
"""Inverse regularisation of the intent classifier."""


def label_names() -> list[str]:
    """Return `<facet>/<label>` for every yes-or-no label: the facets', then the risks'."""
    signals = [f"{facet}/{label}" for facet in FACETS for label in labels(facet)]
    risks = [f"risk/{risk}" for risk in (OWN, *risk_order()) if risk != NO_RISK]
    return signals + risks


def label_targets(examples: Iterable[Example]) -> np.ndarray:
    """Return an array (examples, labels) of 0 and 1, columns in the order of `label_names`."""
    names = [name.split("/") for name in label_names()]
    return np.array([[_target(example, *name) for name in names] for example in examples])


def _target(example: Example, facet: str, label: str) -> int:
    if label == OWN:
        return int(example.risk in OWN_RISK)
    value = getattr(example, facet)
    return int(label == value if facet == "risk" else label in value)

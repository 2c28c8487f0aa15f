"""The vocabulary of what is recognised, read from `nlu_data/taxonomy.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import yaml

from bot.paths import TAXONOMY

FACETS = ("stage", "pattern", "concern")
"""The facets of which a message may carry several labels."""

OWN_RISK = ("immediate", "active_ideation", "passive_ideation", "self_harm", "harm_to_others")
"""Risks that interrupt everything, most urgent first."""

NO_RISK = "none"


@cache
def taxonomy() -> Mapping[str, Mapping[str, str]]:
    """Return facet -> label -> definition, with `risk` as the fourth facet."""
    with TAXONOMY.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


@cache
def labels(facet: str) -> tuple[str, ...]:
    """Return the labels of `facet` in the order of the taxonomy."""
    return tuple(taxonomy()[facet])


def risk_order() -> tuple[str, ...]:
    """Return every risk from the most urgent to `none`."""
    return (*OWN_RISK, "third_party", NO_RISK)

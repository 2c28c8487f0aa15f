"""Sentences that a channel says by itself, without the agent; their wording is in `domain/`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from bot.content import responses


@lru_cache(maxsize=1)
def _variants() -> dict[str, list[dict[str, Any]]]:
    return {name: variants for file in responses().values() for name, variants in file.items()}


def fixed(name: str, **values: object) -> str:
    """Return the first variant of the response `name`, its variables filled from `values`."""
    return str(_variants()[name][0]["text"]).format(**values)

"""The labels of a message that outlive its words: what a turn may be counted as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue.memory import heard_in
from bot.nlu.taxonomy import FACETS, labels
from bot.trends.groups import entity_values

LABELS = "labels"
"""Key of a user event's metadata."""

ABOUT_THEMSELVES = "inform"
"""Intent of a bare fact about oneself: only there is a grade or specialty the speaker's own."""

OFFERED = ("grade", "specialty")
"""Facts about themselves that people may offer."""


def labels_in(parse_data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return facet -> labels of a message that was not wiped yet; nothing that was typed."""
    heard = heard_in(parse_data)
    found = dict(zip(FACETS, (heard.stages, heard.patterns, heard.concerns), strict=True))
    if (parse_data.get("intent") or {}).get("name") == ABOUT_THEMSELVES:
        for facet in OFFERED:
            entities = parse_data.get("entities") or ()
            found[facet] = tuple(e["value"] for e in entities if e.get("entity") == facet)
    return known_labels(found)


def known_labels(found: Any) -> dict[str, list[str]]:
    """Return of `found` only labels of the vocabulary, so that nothing else can be kept."""
    if not isinstance(found, Mapping):
        return {}
    kept = {}
    for facet in (*FACETS, *OFFERED):
        known = labels(facet) if facet in FACETS else entity_values(facet)
        values = [value for value in found.get(facet) or () if value in known]
        if values:
            kept[facet] = values
    return kept


def kept_metadata(
    metadata: Mapping[str, Any] | None, parse_data: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what stays of a user event's metadata when the event is wiped, once or again."""
    kept = labels_in(parse_data or {}) or known_labels((metadata or {}).get(LABELS))
    return {LABELS: kept} if kept else {}

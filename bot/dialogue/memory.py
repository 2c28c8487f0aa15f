"""Between a tracker's slots and the dialogue's own values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from bot.dialogue.context import is_low
from bot.dialogue.replies import ABOUT, Heard, Memory
from bot.nlu.routes import FAMILY, PARTING, is_no_danger
from bot.nlu.taxonomy import labels

BRIEF = 8
"""Words of a message that is answered as briefly."""

SAID = "said"
"""Key of a bot event's metadata: ids of the variants it was made of, such as "utter_x:2"."""

_NUMBERS = {"turn", "talk_turns", "no_offer_before_turn", "low_turns", "declines"}


def memory_from_slots(slots: Mapping[str, Any]) -> Memory:
    """Return the conversation's memory."""
    values: dict[str, Any] = {}
    for field in fields(Memory):
        value = slots.get(field.name)
        if field.name in _NUMBERS:
            values[field.name] = int(value or 0)
        elif field.name == "concerns_heard":
            values[field.name] = tuple(value or ())
        elif value is not None:
            values[field.name] = value
    return Memory(**values)


def changed_slots(before: Memory, after: Memory) -> dict[str, Any]:
    """Return slot -> new value for what differs."""
    changes: dict[str, Any] = {}
    for field in fields(Memory):
        value = getattr(after, field.name)
        if value != getattr(before, field.name):
            changes[field.name] = list(value) if isinstance(value, tuple) else value
    return changes


def heard_in(message: Mapping[str, Any]) -> Heard:
    """Return what a tracker's latest message was recognised as, or what its button stands for."""
    signals = message.get("signals") or {}
    entities = message.get("entities") or []
    signs = message.get("signs") or ()
    text = str(message.get("text") or "").strip()

    def found(facet: str) -> tuple[str, ...]:
        pressed = [e["value"] for e in entities if e["entity"] == facet]
        return tuple(p for p in pressed if p in labels(facet)) or tuple(signals.get(facet) or ())

    moments = tuple(str(e["value"]) for e in entities if e["entity"] == "moment")
    parted = (FAMILY,) if PARTING in signs and is_no_danger(message) else ()
    implied = tuple({ABOUT[moment]: None for moment in moments if moment in ABOUT})
    return Heard(
        stages=found("stage"),
        patterns=found("pattern"),
        concerns=found("concern") or implied or (parted if not moments else ()),
        moments=moments,
        uneasy=is_low(message) or "pointless" in signs,
        emptied="emptied" in signs,
        vengeful="wants_revenge" in signs,
        answer=next((e["value"] for e in entities if e["entity"] == "answer"), None),
        brief=0 < len(text.split()) <= BRIEF,
        question=text.endswith("?"),
    )

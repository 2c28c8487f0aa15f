"""Between a tracker's slots and the dialogue's own values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from bot.dialogue.context import is_low
from bot.dialogue.replies import ABOUT, SITTINGS, Heard, Memory
from bot.nlu.routes import ERROR, FAMILY, LOSS, PARTING, PET_NAME, is_no_danger
from bot.nlu.taxonomy import labels

BRIEF = 8
"""Words of a message that is answered as briefly."""

SITTING = {"failed_exam": "exam", "failed_arcp": "panel"}
"""Moment -> which of `SITTINGS` it tells of."""

BEREAVED, SEXISM, CLOSED = "bereavement_trauma", "discrimination", "unit_closed"
"""The concern of a stillbirth or a miscarriage, that of a pet name at work, and the moment
of a file that the unit closed, which is no complaint unless the words say so."""

SAID = "said"
"""Key of a bot event's metadata: ids of the variants it was made of, such as "utter_x:2"."""

_LISTS = {"concerns_heard", "concerns_stated", "concerns_denied"}
_NUMBERS = {"turn", "talk_turns", "no_offer_before_turn", "low_turns", "declines"}


def memory_from_slots(slots: Mapping[str, Any]) -> Memory:
    """Return the conversation's memory."""
    values: dict[str, Any] = {}
    for field in fields(Memory):
        value = slots.get(field.name)
        if field.name in _NUMBERS:
            values[field.name] = int(value or 0)
        elif field.name in _LISTS:
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

    def pressed(facet: str) -> tuple[str, ...]:
        values = [e["value"] for e in entities if e["entity"] == facet]
        return tuple(value for value in values if value in labels(facet))

    def found(facet: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*pressed(facet), *(signals.get(facet) or ()))))

    moments = tuple(str(e["value"]) for e in entities if e["entity"] == "moment")
    parted = (FAMILY,) if PARTING in signs and is_no_danger(message) else ()
    implied = tuple({ABOUT[moment]: None for moment in moments if moment in ABOUT})
    named = message.get("named") or ()
    concerns = found("concern") or implied
    if LOSS in signs:
        implied = (BEREAVED, *implied)
        concerns = (BEREAVED, *(c for c in concerns if c != ERROR or c in named))
    if PET_NAME in signs:
        implied = (SEXISM, *implied)
        concerns = (SEXISM, *(c for c in concerns if c != "bullying" or c in named))
    if CLOSED in moments and ERROR in named:
        moments = tuple(moment for moment in moments if moment != CLOSED)
    elif CLOSED in moments:
        concerns = tuple(c for c in concerns if c != ERROR)
    answer = next((e["value"] for e in entities if e["entity"] == "answer"), None)
    brief = 0 < len(text.split()) <= BRIEF
    if text and not brief and (moments or any(signals.values())):
        answer = None  # the rest tells more than the choice does
    return Heard(
        stages=found("stage"),
        patterns=found("pattern"),
        concerns=tuple(dict.fromkeys(concerns)) or (parted if not moments else ()),
        moments=moments,
        stated=tuple(
            dict.fromkeys((*implied, *(c for c in concerns if c in (*pressed("concern"), *named))))
        ),
        sitting=_sitting(moments, named),
        uneasy=is_low(message) or "pointless" in signs,
        emptied="emptied" in signs,
        vengeful="wants_revenge" in signs,
        answer=answer,
        brief=brief,
        question=text.endswith("?"),
    )


def _sitting(moments: Collection[str], named: Collection[str]) -> str | None:
    """Return whether an exam or a panel is told of; neither where both are, or none is."""
    told = [SITTING[moment] for moment in moments if moment in SITTING]
    found = told or [name for name in SITTINGS if name in named]
    return found[0] if len(set(found)) == 1 else None

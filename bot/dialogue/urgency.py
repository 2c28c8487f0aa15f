"""Which kind of crisis holds when signs of several come, and when the call is pressed for.

Pure functions over the kinds of `bot/dialogue/context.py`: repeated signs escalate, of whatever
kinds, and nothing said later softens what was said before.
"""

from __future__ import annotations

from bot.dialogue.context import (
    DENIED,
    INTRUSIVE,
    MEDICAL,
    NOT_SAFE,
    PAST_ATTEMPT,
    SHAKEN,
    SIDEWAYS,
    UNSAFE_PERSON,
    UNSURE,
)

ASKED_FOR = "asked_for"
"""Kind of crisis when help was asked for, without a sign of risk."""

URGENCY = (
    MEDICAL,
    "immediate",
    UNSAFE_PERSON,
    "active_ideation",
    NOT_SAFE,
    SIDEWAYS,
    "passive_ideation",
    DENIED,
    "self_harm",
    "harm_to_others",
    INTRUSIVE,
    PAST_ATTEMPT,
    SHAKEN,
    ASKED_FOR,
    UNSURE,
)
"""Every kind, the most urgent first."""

DOUBTS = (SHAKEN, ASKED_FOR, UNSURE)
"""Kinds that are no sign of their own: they never take the place of one."""

CALL_FIRST = (MEDICAL, "immediate", UNSAFE_PERSON)
"""Kinds whose question is already the call, or the way out."""

MINUTES = (MEDICAL, "immediate")
"""Kinds that nothing but a more urgent one takes the place of."""

OWN_WORDS = ("harm_to_others", INTRUSIVE)
"""Kinds that are about something else than the writer's own wish to be dead or hurt."""

ESCALATED_AT = 3
"""Signs of risk in one conversation from which the question gives way to the call."""


def family(kind: str) -> str:
    """Return the kinds' common name when they share words, else the kind itself."""
    return kind if kind in (*CALL_FIRST, *OWN_WORDS, *DOUBTS) else "self"


def kind_after(new: str, before: str) -> str:
    """Return the kind that holds when `new` is told in a crisis of the kind `before`.

    Another trouble is taken up in its own words; of the same, the more urgent holds.
    """
    if before in DOUBTS:
        return new if new not in DOUBTS else min(new, before, key=URGENCY.index)
    if new in DOUBTS:
        return before
    if before in MINUTES or family(new) == family(before):
        return min(new, before, key=URGENCY.index)
    return new


def affirmed_after(new: str | None, before: str | None) -> str | None:
    """Return the own risk that stays affirmed when `new` is affirmed after `before`.

    Yes to a question that a doubt had asked means not being safe. Somebody else's doing, and the
    body, are no risk of this kind.
    """
    if new is None or new in (MEDICAL, UNSAFE_PERSON):
        return before
    new = NOT_SAFE if new in DOUBTS else new
    return new if before is None else min(new, before, key=URGENCY.index)


def presses_for_the_call(told: str, before: str, state: str, signs: int) -> bool:
    """Whether the question gives way to the call.

    Args:
        told: the kind of the sign that was told now.
        before: the kind that held before it.
        state: where the crisis stood: no, asked, staying or eased.
        signs: signs told in this conversation, this one included, doubts not counted.
    """
    kind = kind_after(told, before) if state in ("asked", "staying") else told
    if told in DOUBTS or (kind in CALL_FIRST and kind != before):
        return False
    if signs >= ESCALATED_AT:
        return True
    if told == DENIED or family(kind) != family(before):
        return False
    # "yes, I've decided" answers a question that was put; calm is no reason to put it again
    return state == "staying" or (told == SIDEWAYS and state == "asked")

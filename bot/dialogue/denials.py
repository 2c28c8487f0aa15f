"""What a no leaves open, half a yes, and talk of something else: how a doubt about safety ends.

Pure functions over a message's parse data. A sign of danger in the message makes each of them
say that nothing has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue.context import (
    ASKED_SAFE,
    BACKS_OUT,
    BARE_WORDS,
    BARRIER,
    LEFT_OPEN,
    LIKELY,
    MISREAD,
    NOT_SAFE,
    SIDEWAYS_SIGNS,
    WONT_RING,
    crisis_kind,
    denies_plainly,
    is_low,
    own_probability,
    risk_signs,
)
from bot.dialogue.help_intents import HELP_SIGN
from bot.dialogue.memory import heard_in
from bot.nlu.routes import at_the_edge
from bot.nlu.taxonomy import NO_RISK

FIRM_NO, NO_BUT = "firm_no", "no_but"
"""Signs of a no that leaves nothing open, and of what is left open behind one."""

PUT_RIGHT_PLAINLY = (MISREAD, "not_suicidal")
"""Signs that say what was meant, or not meant, in so many words."""

ONLY_BESIDE_A_DENIAL = "but_open"
"""The sign of `LEFT_OPEN` whose words ("really", "yet") mean something only in a denial."""

HOLDS = (NO_BUT, NOT_SAFE, HELP_SIGN, WONT_RING, BACKS_OUT, "urge", *SIDEWAYS_SIGNS)
"""Signs beside which no message ends a doubt."""

ASKS = "ask_"
TELLS_OF_ELSE = ("inform", "want_message", "want_contact")
"""Intents of a few words that are about something else than the crisis."""

COURTESIES = ("thank", "object_to_bot", "affirm", "deny", "unsure", "greet", "not_now", "goodbye")
"""Intents that speak of nothing."""

DENIAL_WORDS = 12
"""Words of a denial that says nothing else."""


def leaves_open(message: Mapping[str, Any]) -> bool:
    """Whether something in a message keeps a no in it from being the whole answer."""
    found = _signs(message)
    open_ = (sign for sign in LEFT_OPEN if sign != ONLY_BESIDE_A_DENIAL)
    return any(sign in found for sign in (*open_, *HOLDS))


def denies_firmly(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a firm no is all that a message says, and at most the classifier doubts it.

    What the classifier finds likely has to be put right in so many words beside the no.
    """
    signs, found = risk_signs(message, slots), _signs(message)
    if FIRM_NO not in found or signs.patterns or signs.context or leaves_open(message):
        return False
    plainly = any(sign in found for sign in PUT_RIGHT_PLAINLY)
    small = own_probability(message) < LIKELY
    return small or (plainly and message.get("risk") != "immediate")


def denies_first(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether they say, before anybody asked, that they are not suicidal, and nothing else."""
    untouched = slots.get("crisis") in (None, "no") and not slots.get("crisis_kind")
    asked = slots.get("safety_asked") or slots.get("asked") in ASKED_SAFE
    short = len(str(message.get("text") or "").split()) <= DENIAL_WORDS
    if not (untouched and short and denies_plainly(message)) or asked or leaves_open(message):
        return False
    return not is_low(message) and crisis_kind(message, slots) is None


def speaks_of_else(message: Mapping[str, Any], affirmed: bool) -> bool:
    """Whether a message in a crisis speaks of something else, and nothing in it is uneasy.

    Args:
        message: parse data.
        affirmed: whether danger was told or affirmed, so that a trouble has to be named for it.
    """
    found, intent = _signs(message), str((message.get("intent") or {}).get("name") or "")
    uneasy = is_low(message) or at_the_edge(message) or leaves_open(message)
    barred = any(str(sign).startswith(BARRIER) for sign in found)
    if uneasy or barred or message.get("risk") not in (None, NO_RISK, "third_party"):
        return False
    if intent.startswith(ASKS) or intent in TELLS_OF_ELSE:
        return True
    heard = heard_in(message)
    long = len(str(message.get("text") or "").split()) > BARE_WORDS
    return (
        long and intent not in COURTESIES and bool(heard.concerns or heard.moments or not affirmed)
    )


def _signs(message: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(message.get("signs") or ())

"""What a message means where it comes: its intent read again beside what was asked.

The classifier sees a message alone. Curated phrases say more plainly what some of them ask
(`nlu_data/patterns/asked.yml`) or accept, and the conversation says what an acceptance is of. A
sign of risk, a harm, and the answers to a question about safety are left as they were recognised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from bot.dialogue.context import OUTRIGHT, is_low
from bot.nlu.routes import EDGE
from bot.nlu.taxonomy import NO_RISK
from bot.paths import PATTERNS

BEFORE_QUESTIONS = PATTERNS / "before_questions.yml"

ASKED = "asked_about"
"""Key of parse data: labels of `nlu_data/patterns/asked.yml` that a message holds."""

ABOUT = "ask_about"
"""The intent of a question whose label is a topic and no intent of its own."""

QUESTION = "ask_"
"""What the intents of questions begin with."""

SURE = 0.8
"""Confidence from which an intent of `HELD` is not read again."""

HEARD = 0.4
"""Confidence from which the question after a courtesy is taken for what it seems to be."""

BRIEF = 16
"""Words up to which a message that asks something is the question, and not a telling with one."""

URGENT = ("need_help_now", "delete_my_data", "start_over", "not_english")
"""Intents that nothing reads again."""

HELD = ("clinical_question", "worried_about_someone", "want_message")
"""Intents that are read again only where they are not certain."""

TELLING = ("share", "inform", "smalltalk", "worried_about_someone")
"""Intents of telling something: a long one keeps its intent, its question is answered beside."""

COURTESIES = ("thank", "deny", "not_now", "unsure", "affirm", "greet", "goodbye", "object_to_bot")
"""Intents of what comes before a question; with them, what the fallback could not decide."""

UNCERTAIN = ("nlu_fallback", "ask_to_repeat")

ABOUT_SAFETY = ("safe_now", "safe_from_them", "route", "maybe_route")
"""Values of `asked` to which every message may be an answer."""

OFFERED = ("information", "contact", "message", "deanery")
"""Values of `asked` while something about the unit is offered, which a yes accepts."""

REACHED_FOR = "back"
"""The value of `asked` while how to reach the unit is among the choices on the screen."""

CONTACT, STOP = "contact_way", "stop_asking"

PLAINER = "plainer"
"""The topic of not having understood what was said last, which answers nothing that was asked."""

ON_THE_WAY = ("refer_self", "need_to_tell", "educator_in_the_way")
"""Topics that words which ask nothing speak of only where the unit is spoken of already."""

MESSAGE = "message"
"""The value of `asked` while a message to the unit is offered, which "do the message" accepts."""


@dataclass(frozen=True)
class _Parting:
    whole: re.Pattern[str]
    question: re.Pattern[str]
    parted: Mapping[str, str | None]


def question_in(text: str) -> str | None:
    """Return the question that follows a courtesy or a complaint in `text`, if one does."""
    parting = before_questions()
    match = parting.whole.match(text.strip())
    rest = text.strip()[match.end() :].strip() if match else ""
    if len(rest.split()) < 2:
        return None
    return rest if rest.endswith("?") or parting.question.match(rest) else None


def may_hide_a_question(parsed: Mapping[str, Any]) -> bool:
    """Whether what was recognised may be of the words before a question only."""
    return _intent(parsed) in (*COURTESIES, *UNCERTAIN) and _is_calm(parsed)


def read_in_context(
    parsed: dict[str, Any], slots: Mapping[str, Any], after: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return parse data with the intent that a message has in a conversation with `slots`.

    Args:
        parsed: parse data of the whole message, which is not changed.
        slots: the conversation's slots before it.
        after: parse data of the question in it (`question_in`), where there is one.
    """
    asked = slots.get("asked")
    in_crisis = slots.get("crisis") in ("asked", "staying")
    form = str(slots.get("requested_slot") or "")
    if in_crisis or form.startswith("referral_") or not _is_calm(parsed):
        return parsed
    if asked in ABOUT_SAFETY:
        return _as(parsed, ABOUT) if _asks_back(parsed, slots) else parsed
    if after is not None and may_hide_a_question(parsed) and _is_question(after):
        kept = ("intent", "intent_ranking", "entities", ASKED)
        parsed = {**parsed, **{key: after[key] for key in kept if key in after}}
    if accepts(parsed) and form == "deanery":
        return _as(parsed, "affirm")  # the contact is wanted still: the form asks again
    if asked in OFFERED and not form and _says_what_it_is(parsed):
        return _as(parsed, "share")  # yes to what was asked before the offer
    if (accepts(parsed) or _takes_message(parsed, asked)) and not form:
        if asked in OFFERED:
            return _as(parsed, "affirm")
        if asked == REACHED_FOR:
            return _as(parsed, "ask_how_to_contact")
    label = asked_label(parsed)
    if label is None or not _is_asked(parsed, slots):
        return parsed
    if label == CONTACT and (form or not slots.get("offer_accepted")):
        return parsed
    if label == STOP and form:
        return _as(parsed, "not_now")
    return _as(parsed, label if label.startswith(QUESTION) else ABOUT)


def asked_label(parsed: Mapping[str, Any]) -> str | None:
    """Return the first label of what a message asks, if its phrases ask anything."""
    return next(iter(parsed.get(ASKED) or ()), None)


def topic_of(parsed: Mapping[str, Any]) -> str | None:
    """Return the topic that a message asks about; None if it asks nothing, or has an intent."""
    label = asked_label(parsed)
    return None if label is None or label.startswith(QUESTION) else label


def accepts(parsed: Mapping[str, Any]) -> bool:
    """Whether a message says yes to what was offered, whatever follows the yes."""
    signs = parsed.get("signs") or ()
    if "puts_off" in signs or "declines_unit" in signs:
        return False
    return "accepts" in signs or ("says_yes" in signs and "keeps_quiet" in signs)


def _says_what_it_is(parsed: Mapping[str, Any]) -> bool:
    """Whether a yes says of what was told what it is, and so accepts no offer."""
    return "it_is_this" in (parsed.get("signs") or ()) and not accepts(parsed)


def _takes_message(parsed: Mapping[str, Any], asked: Any) -> bool:
    """Whether a message names the message that is offered, to have it."""
    signs = parsed.get("signs") or ()
    refused = any(sign in signs for sign in ("puts_off", "declines_message", "declines_unit"))
    return asked == MESSAGE and "takes_message" in signs and not refused


def _asks_back(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a message asks something in place of an answer: to say it in plainer words, mostly.

    What is asked outright is answered at a route's own question too, which is not about danger.
    """
    label, route = asked_label(parsed), slots.get("asked") in ("route", "maybe_route")
    return (label == PLAINER or (route and label in OUTRIGHT)) and _is_asked(parsed, slots)


def _is_asked(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether the question of a message is what it is for."""
    intent = _intent(parsed)
    label = asked_label(parsed)
    open_way = slots.get("offer_accepted") or slots.get("asked") in OFFERED
    asking = str(parsed.get("text") or "").rstrip().endswith("?") or intent.startswith(QUESTION)
    if label in ON_THE_WAY and not (open_way or (asking and label != ON_THE_WAY[-1])):
        return False
    if label in ON_THE_WAY and open_way and not is_low(parsed):
        return intent not in URGENT
    confidence = (parsed.get("intent") or {}).get("confidence") or 0.0
    if intent in URGENT or (intent in HELD and confidence >= SURE):
        return False
    if intent not in TELLING:
        return True
    edge = EDGE in ((parsed.get("signals") or {}).get("stage") or ())
    if (edge or is_low(parsed)) and not slots.get("safety_asked"):
        return False
    told = any(entity["entity"] == "moment" for entity in parsed.get("entities") or ())
    return not told and len(str(parsed.get("text") or "").split()) <= BRIEF


def _is_question(parsed: Mapping[str, Any]) -> bool:
    """Whether parse data are of a question, clear enough to be answered."""
    confidence = (parsed.get("intent") or {}).get("confidence") or 0.0
    sure = _intent(parsed).startswith(QUESTION) and confidence >= HEARD
    return _is_calm(parsed) and (sure or asked_label(parsed) is not None)


def _is_calm(parsed: Mapping[str, Any]) -> bool:
    """Whether nothing of a risk and no harm was recognised."""
    return parsed.get("risk") in (None, NO_RISK) and not parsed.get("harms")


def _as(parsed: Mapping[str, Any], intent: str) -> dict[str, Any]:
    return {**parsed, "intent": {"name": intent, "confidence": 1.0}}


def _intent(parsed: Mapping[str, Any]) -> str:
    return str((parsed.get("intent") or {}).get("name") or "")


@lru_cache(maxsize=1)
def before_questions() -> _Parting:
    """Return what parts a question from the words before it."""
    held = yaml.safe_load(BEFORE_QUESTIONS.read_text(encoding="utf-8"))
    gap = r"[\s,.;:!–—-]+"
    whole = rf"(?:{held['before']})(?:{gap}(?:{held['before']}))?{gap}"
    return _Parting(
        re.compile(whole, re.IGNORECASE),
        re.compile(held["question"], re.IGNORECASE),
        held["parted"],
    )

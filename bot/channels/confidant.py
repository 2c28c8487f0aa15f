"""What is typed in confidence: sealed, or opened, before the agent could see it in clear.

A note, a way to be reached and a reply are sealed to the unit's key; a receipt opens its ticket.
The agent gets finished parse data with what is sealed, or with what was found. Risk is looked for
first: words with any sign of it, and words that are no part of a ticket, stay ordinary talk.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rasa.core.agent import Agent

from bot.channels.fixed import fixed
from bot.dialogue.context import is_low
from bot.dialogue.help_intents import HELP_INTENTS
from bot.dialogue.in_confidence import (
    ANSWER,
    RECEIPT,
    InConfidence,
    in_confidence,
    receipts_in_use,
)
from bot.dialogue.safety import QUESTIONS, REFERRAL, SURE, answered_first
from bot.nlu.choices import LONGEST
from bot.referrals.desk import Desk, desk
from bot.referrals.errors import (
    DeskUnavailable,
    NoKey,
    ReferralError,
    TextTooLong,
    TicketAltered,
    TooManyGuesses,
)
from bot.referrals.receipts import read_receipt, without_receipts

logger = logging.getLogger(__name__)

SEALED = ("referral_contact", "referral_note", "referral_reply")
"""What somebody is asked to write for the unit alone."""

GONE, NONE_YET = "utter_receipt_gone", "utter_receipt_none_yet"
"""Said in place of what is no longer there, and of answers that there are not."""

UNAVAILABLE = "utter_receipt_unavailable"
"""Said when what is kept cannot be reached."""

INSTEAD_OF_ANSWERS = {
    DeskUnavailable: UNAVAILABLE,
    TicketAltered: "utter_receipt_altered",
}
"""Said in place of answers that cannot be opened."""

CRISIS_RUNS = ("asked", "staying")
"""Values of `crisis` while nothing but the crisis goes on."""

REPLY = "reply"
"""Value of `asked` while a reply to the unit is awaited."""

ABOUT_THE_CONVERSATION = (
    QUESTIONS,
    "affirm",
    "deny",
    "not_now",
    "goodbye",
    "start_over",
    "delete_my_data",
    "object_to_bot",
    "thank",
)
"""Beginnings of the intents of short messages that are not meant for the unit."""

SPOKEN_OF = re.compile(r"\b(receipts?|refer|pass|hand|tell)\b", re.IGNORECASE)
"""Words without which nobody speaks of a receipt or of handing over."""

MEANT = {
    ("receipt", "have"): "have_receipt",
    ("receipt", "lost"): "lost_receipt",
    ("referral", "want"): "want_referral",
}
"""Entity and value (`nlu_data/patterns/choices.jsonl`) -> the intent that the words have here."""

FEWEST_OF_A_NUMBER = 5
"""Digits from which a text is taken to hold a number to ring, an extension among them."""

FEWEST_DIGITS = 10
"""Digits from which what somebody types as a receipt is taken for one with a slip in it."""

ABOUT_THE_PROGRAM = ("ask_what_is_kept", "ask_are_you_a_person", "ask_to_repeat")
"""Questions that are for us even in a reply, where any other is a question to the unit."""

LONGEST_QUESTION = 14
"""Words of a question that is taken for one to us, and not for a part of what they write."""


@dataclass(frozen=True)
class Taken:
    """What the agent gets for a message: words, or parse data without any.

    `kept_back` says that words meant for the unit were answered instead of sealed.
    """

    text: str | None = None
    parse_data: dict[str, Any] | None = None
    kept_back: bool = False


def without_digits(text: str) -> str:
    """Return the words of a text, if there are any."""
    return " ".join(re.sub(r"[\d\s.\-_/]*\d", " ", text).split())


class Confidant:
    """Takes messages before the agent does."""

    def __init__(
        self, agent: Agent, at: Desk | None = None, held: InConfidence | None = None
    ) -> None:
        """Take the agent whose conversations these are."""
        self._agent = agent
        self._desk = at or desk()
        self._held = held or in_confidence()

    async def take(self, conversation: str, text: str, cut: bool = False) -> Taken:
        """Return what the agent gets for `text`, which is cleaned of commands already.

        `cut` says that a part of it is missing; such a text is not sealed.
        """
        if not receipts_in_use():
            return Taken(text)
        receipt = read_receipt(text)
        slots = await self._slots(conversation)
        if receipt is not None:
            return await self._receipt(conversation, slots, receipt, without_receipts(text))
        taken = await self._spoken_of(slots, text)
        if taken is not None:
            return taken
        awaited = awaited_in(slots)
        if awaited is None:
            return Taken(text)
        parsed = await self._parse(text)
        if parsed is None or _needs_an_answer(_without_calls(parsed, text), slots):
            return Taken(text, kept_back=True)
        if _is_to_us(parsed, awaited, text):
            return Taken(text)
        if cut:
            return _given("not_sealed", "too_long")
        return self._seal(conversation, slots, awaited, text)

    async def _spoken_of(self, slots: Mapping[str, Any], text: str) -> Taken | None:
        """Return what the agent gets if somebody speaks of a receipt, mistypes it, or wants one."""
        if slots.get("crisis") in CRISIS_RUNS or slots.get("active_loop") is not None:
            return None
        about_receipt = "receipt" in text.lower() or slots.get("asked") == "receipt"
        if about_receipt and sum(map(str.isdigit, text)) >= FEWEST_DIGITS:
            rest = without_digits(text)
            parsed = await self._parse(rest) if rest else {}
            urgent = parsed is None or answered_first(parsed, slots) is not None
            return Taken(rest) if urgent else _found("incomplete")
        if slots.get("asked") == REPLY or not SPOKEN_OF.search(text):
            return None
        parsed = await self._parse(text)
        if parsed is None or answered_first(parsed, slots) is not None:
            return None
        for entity in parsed.get("entities") or ():
            meant = MEANT.get((entity.get("entity"), entity.get("value")))
            if meant is not None:
                return Taken(parse_data=_parse_data(meant))
        return None

    async def fill(self, conversation: str, text: str) -> list[str]:
        """Return a bubble's text with what belongs in its place: a text for each answer.

        Answers are opened here, as they are sent, and are in no event of the conversation.
        """
        if RECEIPT in text:
            receipt = self._held.take_receipt(conversation)
            return [text.replace(RECEIPT, receipt)] if receipt else [fixed(GONE)]
        if ANSWER not in text:
            return [text]
        opened = self._held.opened(conversation)
        if opened is None:
            return [fixed(GONE)]
        try:
            answers = await self._desk.answers(opened)
        except ReferralError as error:
            return [fixed(INSTEAD_OF_ANSWERS.get(type(error), GONE))]
        return [text.replace(ANSWER, answer.text) for answer in answers] or [fixed(NONE_YET)]

    def let_go(self, conversation: str) -> None:
        """Let go of what the conversation holds."""
        self._held.let_go(conversation)

    async def _receipt(
        self, conversation: str, slots: Mapping[str, Any], receipt: str, rest: str
    ) -> Taken:
        """Open the receipt's ticket, unless the rest of the message, or a crisis, comes first."""
        if slots.get("crisis") in CRISIS_RUNS:
            return Taken(rest)
        parsed = await self._parse(rest) if any(map(str.isalpha, rest)) else {}
        if parsed is None or answered_first(parsed, slots) is not None:
            return Taken(rest)
        self._held.keep_opened(conversation, None)
        try:
            opened = await self._desk.open(receipt, conversation)
        except TooManyGuesses:
            return _found("too_many")
        except DeskUnavailable:
            return _found("unavailable")
        if opened is None:
            return _found("nothing")
        self._held.keep_opened(conversation, opened)
        return _found("open")

    def _seal(self, conversation: str, slots: Mapping[str, Any], awaited: str, text: str) -> Taken:
        opened = self._held.opened(conversation)
        to = opened.deanery if awaited == "referral_reply" and opened else slots.get("deanery")
        try:
            return _given(awaited, self._desk.seal(str(to), text))
        except TextTooLong:
            return _given("not_sealed", "too_long")
        except (DeskUnavailable, NoKey):
            return _given("not_sealed", "unavailable")

    async def _parse(self, text: str) -> dict[str, Any] | None:
        """Return what the words were recognised as, or None if that failed."""
        try:
            return await self._agent.parse_message(text)
        except Exception as error:  # then the agent, or the help card, answers
            logger.error("not recognised: error=%s", type(error).__name__)
            return None

    async def _slots(self, conversation: str) -> Mapping[str, Any]:
        """Return the conversation's slots, none if it is not held."""
        tracker = await self._agent.tracker_store.retrieve(conversation)
        if tracker is None:
            return {}
        return {**tracker.current_slot_values(), "active_loop": tracker.active_loop_name}


def awaited_in(slots: Mapping[str, Any]) -> str | None:
    """Return which of `SEALED` was asked for, if any."""
    if slots.get("asked") == REPLY:
        return "referral_reply"
    requested = slots.get("requested_slot")
    return requested if slots.get("active_loop") == REFERRAL and requested in SEALED else None


def _has_address(text: str) -> bool:
    """Whether the text seems to hold a number or an address to reach somebody by."""
    return "@" in text or sum(map(str.isdigit, text)) >= FEWEST_OF_A_NUMBER


def _without_calls(parsed: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    """Return what was recognised, without the intent if the text says where to be reached.

    "Call me on" and a number sounds like a call for help to the classifier of intents, and is
    what was asked for. Signs of risk, and help asked for in so many words, are left.
    """
    asks = (parsed.get("intent") or {}).get("name") in HELP_INTENTS
    return {**parsed, "intent": {}} if asks and _has_address(text) else parsed


def _needs_an_answer(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether words meant for the unit are to be answered now: for a life, or another harm."""
    doubt = is_low(parsed) and not slots.get("safety_asked")
    return doubt or answered_first(parsed, slots) is not None


def _is_to_us(parsed: Mapping[str, Any], awaited: str, text: str) -> bool:
    """Whether the words answer, ask or end something here, instead of being for the unit."""
    words = len(text.split())
    entities = parsed.get("entities") or ()
    if awaited == "referral_contact" and _has_address(text):
        return False
    if words <= LONGEST and any(entity.get("entity") == awaited for entity in entities):
        return True
    question = text.rstrip().endswith("?")
    if awaited == "referral_contact" and question:
        return True
    ranking = [parsed.get("intent") or {}, *(parsed.get("intent_ranking") or ())]
    likeliest: Mapping[str, Any] = next((i for i in ranking if i.get("name") != "nlu_fallback"), {})
    name, sure = str(likeliest.get("name")), (likeliest.get("confidence") or 0.0) >= SURE
    if awaited == "referral_reply" and (question or name.startswith(QUESTIONS)):
        return sure and name in ABOUT_THE_PROGRAM
    if question and words <= LONGEST and name.startswith(QUESTIONS):
        return True
    longest = LONGEST_QUESTION if question else LONGEST
    return sure and words <= longest and name.startswith(ABOUT_THE_CONVERSATION)


def _given(entity: str, value: str) -> Taken:
    return Taken(parse_data=_parse_data("give_sealed", **{entity: value}))


def _found(state: str) -> Taken:
    return Taken(parse_data=_parse_data("give_receipt", receipt=state))


def _parse_data(intent: str, **entities: str) -> dict[str, Any]:
    return {
        "text": "",
        "intent": {"name": intent, "confidence": 1.0},
        "entities": [{"entity": name, "value": value} for name, value in entities.items()],
    }

"""What is typed in confidence: sealed, or opened, before the agent could see it in clear.

A note, a way to be reached and a reply are sealed to the unit's key; a receipt opens its ticket.
The agent gets finished parse data with what is sealed, or with what was found. Risk is looked for
first: words with any sign of it, and words that are no part of a ticket, stay ordinary talk.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from rasa.core.agent import Agent

from bot.channels.fixed import fixed
from bot.channels.telling import let_go
from bot.channels.typed_choices import (
    CHOSEN,
    answer_to_ending,
    asks,
    asks_about_receipts,
    asks_for_a_call,
    asks_to_see_it,
    asks_who_sees_it,
    gives_a_receipt,
    has_address,
    has_lost_a_receipt,
    has_lost_it,
    is_short,
    is_urgent,
    looks_like_a_receipt,
    pieces,
    says,
    step_with_ticket,
    turns_to_a_receipt,
    typed_choice,
    wants_all_forgotten,
)
from bot.dialogue.context import is_low
from bot.dialogue.help_intents import HELP_INTENTS
from bot.dialogue.in_confidence import (
    ANSWER,
    NEW,
    RECEIPT,
    InConfidence,
    in_confidence,
    receipts_in_use,
)
from bot.dialogue.referral import OWED, REFERRAL
from bot.dialogue.safety import (
    LEAVING,
    QUESTIONS,
    ROUTE,
    SOMEONE_ELSE,
    SURE,
    answered_first,
    in_crisis,
)
from bot.nlu.choices import LONGEST
from bot.nlu.taxonomy import OWN_RISK
from bot.privacy.identifiers import looks_identifying
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

MARKED, NOTHING_NEW = "utter_receipt_answer_new", "utter_receipt_nothing_new"
"""Said with an answer that came since they looked last, and after answers of which none did."""

UNAVAILABLE = "utter_receipt_unavailable"
"""Said when what is kept cannot be reached."""

HELD_AS = {"referral_note": "referral_held", "referral_reply": "referral_reply"}
"""What is awaited -> the entity, and slot, that holds it sealed while a harm is answered first."""

INSTEAD_OF_ANSWERS = {
    DeskUnavailable: UNAVAILABLE,
    TicketAltered: "utter_receipt_altered",
}
"""Said in place of answers that cannot be opened."""

LEAVES = ("not_now", "deny", "start_over", "goodbye", "delete_my_data")
"""Intents that let go of what was chosen. Below `SURE` none of it is let go of."""

CRISIS_RUNS = ("asked", "staying")
"""Values of `crisis` while nothing but the crisis goes on."""

REPLY, TICKET, END_TICKET = "reply", "ticket", "end_ticket"
"""Values of `asked` while a reply to the unit is awaited, while a ticket is open, and while it is
asked whether to end it."""

TOLD_AFTER = (*HELP_INTENTS, *LEAVING, "drop_referral")
"""Intents that come before it is told that a ticket went; some take it back."""

LONGEST_LOOK = 2.0
"""Seconds for which it is waited to know whether somebody was told."""

TOLD_BESIDE = ("nothing", "open", "information", "back", "sent_receipt", "sent_contact")
"""Values of `asked` at which it may be told that a ticket went: no answer of weight is awaited."""

AT_THE_END = ("referral_confirm", "referral_change")
"""Slots that are asked for once everything was chosen: another number is a correction then."""

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

SPOKEN_OF = re.compile(r"\b(receipts?|refer|referral|send|forward|pass|hand|tell)\b", re.IGNORECASE)
"""Words without which nobody speaks of a receipt or of handing over."""

ALONE = re.compile(r"\W*receipt\W*", re.IGNORECASE)
"""What is left of the command of that name where a channel has no commands."""

CHOSEN_BY_THE_WORD = ("referral_way", "referral_contact", "referral_change")
"""Slots of a form to which "receipt" alone is an answer."""

SENT = ("sent_receipt", "sent_contact")
"""Values of `asked` after something was handed over, with a receipt and without."""

AFTER_SENDING = {
    "ticket_kept": "receipt_kept",
    "ticket_where": "explain_receipt",
    "ticket_went": "about_ticket",
    "ticket_again": "about_ticket",
}
"""Row of `typed_answers.yml` -> the intent of the words once something was handed over."""

MEANT = {
    ("receipt", "have"): "have_receipt",
    ("receipt", "lost"): "lost_receipt",
    ("referral", "want"): "want_referral",
}
"""Entity and value (`nlu_data/patterns/choices.jsonl`) -> the intent that the words have here."""

FEWEST_DIGITS = 10
"""Digits from which what somebody types as a receipt is taken for one with a slip in it."""

NO_DOUBT: dict[str, Any] = {"risk": "none", "risk_scores": {}}
"""What the classifier is taken to say of "don't end it", in answer to whether to end a ticket."""

ABOUT_THE_PROGRAM = ("ask_what_is_kept", "ask_are_you_a_person", "ask_to_repeat")
"""Questions that are for us even in a reply, where any other is a question to the unit."""

MEANT_FOR_US = (*ABOUT_THE_PROGRAM, "start_over", "delete_my_data")
"""Intents that are for us while a ticket is open, in however many words they are clear."""

MOST_WORDS_TO_US = 4
"""Words of any other message about the conversation that is not for the unit then."""

LONGEST_QUESTION = 14
"""Words of a question that is taken for one to us, and not for a part of what they write."""


COVER = "•"
"""Stands for a word that was meant for a unit."""


@dataclass(frozen=True)
class Taken:
    """What the agent gets for a message: words, or parse data without any.

    `kept_back` says that words meant for the unit were answered instead of sealed, `held` that
    they were sealed beside, and wait for their writer to say what is to become of them; of
    either, `identifying` that they could tell who somebody is.
    """

    text: str | None = None
    parse_data: dict[str, Any] | None = None
    kept_back: bool = False
    held: bool = False
    identifying: bool = False


class Owed(Enum):
    """What somebody is owed of a ticket: nothing, to be told first or alone, that it is dropped."""

    NOTHING = "nothing"
    FIRST = "first"
    ALONE = "alone"
    DROPPED = "dropped"


class NotRecognisedError(Exception):
    """Words meant for a unit could not be looked through for what has to be answered first."""


def covered(text: str) -> str:
    """Return as many words that say nothing, a question still one: how many may matter."""
    return " ".join(COVER for _ in text.split()) + ("?" if text.rstrip().endswith("?") else "")


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

    async def take(
        self, conversation: str, text: str, cut: bool = False, command: bool = False
    ) -> Taken:
        """Return what the agent gets for `text`, which is cleaned of commands already.

        `cut` says that a part of it is missing; such a text is not sealed. `command` says that it
        was typed as one.

        Raises:
            NotRecognisedError: if it is meant for a unit, and was not looked through.
        """
        if not receipts_in_use():
            return Taken(text)
        receipt = read_receipt(text)
        slots = await self._slots(conversation)
        if receipt is not None:
            return await self._receipt(conversation, slots, receipt, without_receipts(text))
        taken = await self._spoken_of(slots, text) or await self._in_a_form(slots, text, command)
        if taken is not None:
            return taken
        awaited = awaited_in(slots)
        if awaited is None:
            return await self._in_place_of_a_button(conversation, slots, text, cut)
        parsed = await self._parse(text)
        if parsed is None:
            raise NotRecognisedError
        if _needs_an_answer(_without_calls(parsed, text), slots):
            return self._answered_before(conversation, slots, awaited, text, parsed, cut)
        chosen = typed_choice(awaited, text, slots) if awaited != "referral_reply" else None
        if chosen is not None:
            return _choosing(text, parsed, awaited, chosen)
        if awaited == "referral_contact" and asks_who_sees_it(text):
            return Taken(parse_data=_parse_data("ask_what_is_kept"))
        if awaited == "referral_note" and says("what_to_write", text):
            return _given("not_sealed", "what_to_write")
        beside = awaited == "referral_note" and says("asks_beside_the_note", text)
        if beside or _is_to_us(parsed, awaited, text):
            return Taken(text)
        if cut:
            return _given("not_sealed", "too_long")
        if awaited == "referral_contact" and not has_address(text):
            return _given("not_sealed", "no_address")
        return self._seal(conversation, slots, awaited, text)

    async def owed(
        self, conversation: str, text: str | None, pressed: Mapping[str, Any] | None
    ) -> Owed:
        """Return what somebody is to be told now of a ticket before they are answered.

        They are told if they were not, as far as is known (`bot/channels/telling.py`), unless a
        crisis, a question about their safety, or a harm comes first. `pressed` is the parse data
        of a button.
        """
        if not receipts_in_use():
            return Owed.NOTHING
        try:
            return await self._owed(conversation, text, pressed or {})
        except Exception as error:  # the next message asks again
            logger.error("not known whether somebody was told: error=%s", type(error).__name__)
            return Owed.NOTHING

    async def _owed(self, conversation: str, text: str | None, pressed: Mapping[str, Any]) -> Owed:
        slots = await self._slots(conversation)
        if not slots.get(OWED) or self._held.is_telling(conversation):
            return Owed.NOTHING
        if slots.get("asked") not in TOLD_BESIDE or slots.get("active_loop") or in_crisis(slots):
            return Owed.NOTHING
        words = "" if text is None else without_receipts(text)
        parsed = await self._parse(words) if any(map(str.isalpha, words)) else pressed
        if parsed is None or _intent(parsed) in TOLD_AFTER or _needs_an_answer(parsed, slots):
            return Owed.NOTHING
        if await asyncio.wait_for(
            self._desk.was_shown(str(slots.get("referral_draft"))), LONGEST_LOOK
        ):
            await let_go(self._agent, conversation)
            return Owed.NOTHING
        if is_short(words) and "drop" in _named(parsed, "referral_confirm"):
            return Owed.DROPPED
        sent_again = "send" in _named(pressed, "referral_confirm") or says("send_it", words)
        return Owed.ALONE if sent_again else Owed.FIRST

    async def _in_place_of_a_button(
        self, conversation: str, slots: Mapping[str, Any], text: str, cut: bool
    ) -> Taken:
        """Return what the agent gets for words where buttons are offered."""
        if slots.get("crisis") in CRISIS_RUNS:
            return Taken(text)
        requested = slots.get("requested_slot")
        if slots.get("active_loop") == REFERRAL and requested in CHOSEN:
            return await self._choice(slots, str(requested), text)
        asked = slots.get("asked")
        if slots.get("active_loop") is None and asked in (TICKET, END_TICKET):
            return await self._with_ticket(conversation, slots, text, cut)
        return Taken(text)

    async def _choice(self, slots: Mapping[str, Any], slot: str, text: str) -> Taken:
        """Return the choice that words make, or words that choose nothing and let go of nothing."""
        parsed = await self._parse(text)
        if parsed is None:
            return Taken(text)
        asking = asks(slot, text)
        typed = typed_choice(slot, text, slots)
        chosen = [typed] if typed else [] if asking else _named(parsed, slot)
        if not chosen and slot == "referral_confirm" and _intent(parsed) == "deny":
            chosen = ["change"]  # "no note" drops nothing
        short = is_short(text) and not is_urgent(text)
        if chosen and short:
            parsed = _as_a_choice(parsed, said_whole=typed is not None)
        if _needs_an_answer(parsed, slots):
            return Taken(text)
        if asks_about_receipts(text):
            return Taken(parse_data=_parse_data("explain_receipt"))
        if asks_to_see_it(text):
            return _given("not_sealed", "not_shown")
        if slot == "referral_topic" and not asking:
            for piece in pieces(text):
                chosen += _named(await self._parse(piece) or {}, slot)
        if chosen:
            return _choosing(text, parsed, slot, *dict.fromkeys(chosen))
        if slots.get("referral_way") == "contact" and slot in AT_THE_END and has_address(text):
            return self._seal("", slots, "referral_contact", text)
        others = [e for e in parsed.get("entities") or () if e.get("entity") != slot]
        return Taken(text, {**_unless_unsure(parsed), "entities": others})

    async def _with_ticket(
        self, conversation: str, slots: Mapping[str, Any], text: str, cut: bool
    ) -> Taken:
        """Return the step that words take with the open ticket.

        Whatever else is written then may be meant for the unit: it is sealed, and they are asked.
        """
        parsed = await self._parse(text)
        ending = slots.get("asked") == END_TICKET
        if parsed is not None and ending and not _sure_of_risk(parsed):
            parsed = {**parsed, **NO_DOUBT} if answer_to_ending(text) else parsed
        if parsed is None or _needs_an_answer(parsed, slots):
            return Taken(text)
        step = answer_to_ending(text) if ending else step_with_ticket(text)
        if step is not None:
            return Taken(parse_data=_parse_data(step))
        if ending:
            return Taken(text)
        brief = len(text.split()) <= MOST_WORDS_TO_US or _intent(parsed) in MEANT_FOR_US
        to_us = brief and _is_to_us(parsed, "referral_reply", text)
        if to_us or wants_all_forgotten(text) or self._held.opened(conversation) is None:
            return Taken(text)
        if cut:
            return _given("not_sealed", "too_long")
        taken = self._seal(conversation, slots, "referral_reply", text)
        return _renamed(taken, "referral_reply", "referral_held")

    def _answered_before(
        self,
        conversation: str,
        slots: Mapping[str, Any],
        awaited: str,
        text: str,
        parsed: dict[str, Any],
        cut: bool,
    ) -> Taken:
        """Return what was recognised in words for the unit that are answered here first.

        The agent gets them covered. A note or a reply that speaks of another harm than a risk to
        life is sealed beside, so that it need not be typed again.
        """
        cover, identifying = covered(text), looks_identifying(text)
        parsed = {**parsed, "text": cover}
        kept_back = Taken(cover, parsed, kept_back=True, identifying=identifying)
        harm = answered_first(parsed, slots) in (ROUTE, SOMEONE_ELSE)
        at_risk = is_low(parsed) or parsed.get("risk") not in (None, "none")
        if awaited not in HELD_AS or cut or not harm or at_risk:
            return kept_back
        try:
            sealed = self._desk.seal(self._unit_of(conversation, slots, awaited), text)
        except ReferralError:
            return kept_back
        held = {"entity": HELD_AS[awaited], "value": sealed}
        entities = [*(parsed.get("entities") or ()), held]
        return Taken(cover, {**parsed, "entities": entities}, held=True, identifying=identifying)

    async def _spoken_of(self, slots: Mapping[str, Any], text: str) -> Taken | None:
        """Return what the agent gets if somebody speaks of a receipt, mistypes it, or wants one."""
        if slots.get("crisis") in CRISIS_RUNS or slots.get("active_loop") is not None:
            return None
        asked = str(slots.get("asked"))
        asked_for = asked == "receipt"
        about_receipt = asked_for or "receipt" in text.lower() or looks_like_a_receipt(text)
        if about_receipt and sum(map(str.isdigit, text)) >= FEWEST_DIGITS:
            rest = without_digits(text)
            parsed = await self._parse(rest) if rest else {}
            urgent = parsed is None or answered_first(parsed, slots) is not None
            return Taken(rest) if urgent else _found("incomplete")
        about = _about_what_was_sent(asked, text)
        if about is not None:
            parsed = await self._parse(text)
            if parsed is not None and not _sure_of_risk(parsed):
                return Taken(parse_data=about)
        lost = asked_for and has_lost_it(text)
        if slots.get("asked") == REPLY or not (lost or SPOKEN_OF.search(text)):
            return None
        parsed = await self._parse(text)
        if parsed is None or answered_first(parsed, slots) is not None:
            return None
        if lost:
            return Taken(parse_data=_parse_data("lost_receipt"))
        if ALONE.fullmatch(text):
            return Taken(parse_data=_parse_data("have_receipt"))
        entities = parsed.get("entities") or ()
        meanings = [MEANT.get((e.get("entity"), e.get("value"))) for e in entities]
        if "want_referral" in meanings:  # "refer me with a receipt" is no receipt that they have
            return Taken(parse_data=_parse_data("want_referral"))
        for meant in meanings:
            if meant is not None and not (meant == "have_receipt" and asks_about_receipts(text)):
                return Taken(parse_data=_parse_data(meant))
        if asks_about_receipts(text):
            return Taken(parse_data=_parse_data("explain_receipt"))
        return None

    async def _in_a_form(self, slots: Mapping[str, Any], text: str, command: bool) -> Taken | None:
        """Return what the agent gets if somebody turns to a receipt of theirs while a form runs.

        Its choices are kept, and nothing of the receipt becomes one, or goes into what is sealed.
        """
        if slots.get("crisis") in CRISIS_RUNS or slots.get("active_loop") is None:
            return None
        rest = without_digits(text)
        if not is_short(rest):
            return None
        if gives_a_receipt(text) and sum(map(str.isdigit, text)) >= FEWEST_DIGITS:
            meant = _found("incomplete")
        elif ALONE.fullmatch(text) and (
            command or slots.get("requested_slot") not in CHOSEN_BY_THE_WORD
        ):
            meant = Taken(parse_data=_parse_data("have_receipt"))
        elif has_lost_a_receipt(text):
            meant = Taken(parse_data=_parse_data("lost_receipt"))
        elif turns_to_a_receipt(text):
            meant = Taken(parse_data=_parse_data("have_receipt"))
        else:
            return None
        parsed = await self._parse(rest) if rest else {}
        return None if parsed is None or _needs_an_answer(parsed, slots) else meant

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
        if not answers:
            return [fixed(NONE_YET)]
        told_apart = len({answer.new for answer in answers}) > 1
        said = [
            text.replace(NEW, fixed(MARKED) if told_apart and answer.new else "").replace(
                ANSWER, answer.text
            )
            for answer in answers
        ]
        return said if answers[-1].new else [*said, fixed(NOTHING_NEW)]

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
        try:
            sealed = self._desk.seal(self._unit_of(conversation, slots, awaited), text)
            return _given(awaited, sealed)
        except TextTooLong:
            return _given("not_sealed", "too_long")
        except (DeskUnavailable, NoKey):
            return _given("not_sealed", "unavailable")

    def _unit_of(self, conversation: str, slots: Mapping[str, Any], awaited: str) -> str:
        """Return the deanery whose unit gets what is awaited: of a reply, that of its ticket."""
        opened = self._held.opened(conversation) if awaited == "referral_reply" else None
        return opened.deanery if opened else str(slots.get("deanery"))

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


def _without_calls(parsed: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    """Return what was recognised, without the intent if the text says where to be reached.

    "Call me on" and a number, or "please ring me", sounds like a call for help to the classifier
    of intents, and is what was asked for. Signs of risk, and help asked for in so many words,
    are left.
    """
    if _intent(parsed) not in HELP_INTENTS:
        return parsed
    return {**parsed, "intent": {}} if has_address(text) or asks_for_a_call(text) else parsed


def _as_a_choice(parsed: Mapping[str, Any], said_whole: bool) -> dict[str, Any]:
    """Return what was recognised, without the harms and calls for help that a choice sounds like.

    "Someone to talk to" is no call for help where it is a button, and "change what I wrote" no
    falsified record. Signs and the risk to a life are left, and what patterns find in words that
    say more than the choice.
    """
    patterns = (parsed.get("harm_sources") or {}).get("patterns") or ()
    intent = {} if _intent(parsed) in HELP_INTENTS else parsed.get("intent")
    return {**parsed, "intent": intent, "harms": [] if said_whole else list(patterns)}


def _named(parsed: Mapping[str, Any], slot: str) -> list[str]:
    """Return the choices of a slot that were recognised."""
    return [str(e.get("value")) for e in parsed.get("entities") or () if e.get("entity") == slot]


def _unless_unsure(parsed: dict[str, Any]) -> dict[str, Any]:
    """Return what was recognised; what is not surely a wish to leave is not understood."""
    intent = parsed.get("intent") or {}
    unsure = (intent.get("confidence") or 0.0) < SURE
    if intent.get("name") in LEAVES and unsure:
        return {**parsed, "intent": {"name": "nlu_fallback", "confidence": 1.0}}
    return parsed


def _intent(parsed: Mapping[str, Any]) -> str:
    return str((parsed.get("intent") or {}).get("name") or "")


def _sure_of_risk(parsed: Mapping[str, Any]) -> bool:
    """Whether phrases find a risk, or the classifier one that acts now."""
    by_patterns = (parsed.get("risk_sources") or {}).get("patterns")
    return by_patterns in OWN_RISK or parsed.get("risk") == "immediate"


def _needs_an_answer(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether words meant for the unit are to be answered now: for a life, or another harm."""
    doubt = is_low(parsed) and not slots.get("safety_asked")
    return doubt or answered_first(parsed, slots) is not None


def _is_to_us(parsed: Mapping[str, Any], awaited: str, text: str) -> bool:
    """Whether the words answer, ask or end something here, instead of being for the unit."""
    words = len(text.split())
    entities = parsed.get("entities") or ()
    if awaited == "referral_contact" and (has_address(text) or asks_for_a_call(text)):
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


def _about_what_was_sent(asked: str, text: str) -> dict[str, Any] | None:
    """Return the parse data of words about what was sent a moment ago; of taking it back, any time.

    `asked` is the slot's value.
    """
    if asked in SENT:
        for row, intent in AFTER_SENDING.items():
            if says(row, text) and not (intent != "about_ticket" and asked != SENT[0]):
                return _parse_data(intent, ticket=row.removeprefix("ticket_"))
    taken_back = asked not in (TICKET, END_TICKET, REPLY) and says("ticket_back", text)
    return _parse_data("about_ticket", ticket="back") if taken_back else None


def _given(entity: str, value: str) -> Taken:
    return Taken(parse_data=_parse_data("give_sealed", **{entity: value}))


def _choosing(text: str, parsed: dict[str, Any], slot: str, *values: str) -> Taken:
    """Return a choice made in words; the words stay, as how many there are may matter."""
    entities = [{"entity": slot, "value": value} for value in values]
    intent = {"name": "choose", "confidence": 1.0}
    return Taken(text, {**parsed, "intent": intent, "entities": entities})


def _renamed(taken: Taken, entity: str, name: str) -> Taken:
    """Return what was sealed under another name."""
    given = taken.parse_data or {}
    entities = [
        {**each, "entity": name} if each["entity"] == entity else each
        for each in given.get("entities", ())
    ]
    return Taken(parse_data={**given, "entities": entities})


def _found(state: str) -> Taken:
    return Taken(parse_data=_parse_data("give_receipt", receipt=state))


def _parse_data(intent: str, **entities: str) -> dict[str, Any]:
    return {
        "text": "",
        "intent": {"name": intent, "confidence": 1.0},
        "entities": [{"entity": name, "value": value} for name, value in entities.items()],
    }

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
from bot.channels.typed_answers import says
from bot.channels.typed_choices import (
    CHOSEN,
    MOST_WORDS,
    answer_to_ending,
    asks,
    asks_about_receipts,
    asks_for_a_call,
    asks_to_see_it,
    asks_who_reads_mail,
    asks_who_sees_it,
    corrected,
    gives_a_receipt,
    has_address,
    has_lost_a_receipt,
    has_lost_it,
    is_short,
    is_urgent,
    leaves,
    looks_like_a_receipt,
    meant,
    numbered,
    pieces,
    step_with_ticket,
    turns_to_a_receipt,
    typed_choice,
    wants_all_forgotten,
    wants_it_ended,
    wants_referral,
    wants_to_be_referred,
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
from bot.dialogue.referral import (
    ENDED,
    NOT_TAKEN,
    OWED,
    REFERRAL,
    SENT_WITH,
    TAKEN_OUT,
    is_begun,
)
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
from bot.nlu.extractors import TYPED
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

LEAVES = ("not_now", "deny", "start_over", "goodbye", "delete_my_data", "drop_referral")
"""Intents that let go of what was chosen. Below `SURE` none of it is let go of."""

IN_SO_MANY_WORDS = ("not_now", "deny", "goodbye", "drop_referral")
"""Of these, those that have to be said in so many words too: "finish" and "not yet" are not."""

OFFERED = "referral"
"""Value of `asked` while it is offered to hand something over."""

REFUSES = ("deny", "not_now", "unsure", "goodbye")
"""Intents that turn the offer down; a question in the same words is answered instead."""

CRISIS_RUNS = ("asked", "staying")
"""Values of `crisis` while nothing but the crisis goes on."""

REPLY, TICKET, END_TICKET, RESEND = "reply", "ticket", "end_ticket", "resend"
"""Values of `asked` while a reply to the unit is awaited, while a ticket is open, while it is
asked whether to end it, and whether what was sealed is for the unit."""

TOLD_AFTER = (*HELP_INTENTS, *LEAVING, "drop_referral")
"""Intents that come before it is told that a ticket went; some take it back."""

LONGEST_LOOK = 2.0
"""Seconds for which it is waited to know whether somebody was told."""

TOLD_BESIDE = ("nothing", "open", "information", "back", "sent_receipt", "sent_contact")
"""Values of `asked` at which it may be told that a ticket went: no answer of weight is awaited."""

OPENED = (TICKET, END_TICKET, RESEND, REPLY)
"""Values of `asked` that go on with a ticket that was opened."""

AT_THE_OFFER = {
    "bare_yes": "affirm",
    "starts": "affirm",
    "bare_no": "deny",
    "who_would_know": "ask_who_is_told",
    "hesitates": "unsure",
}
"""Row of `typed_answers.yml` -> the intent of the words while handing over is offered."""

BEFORE_CONTACT = ("referral_way", "referral_answer_by")
"""Slots at whose question how to reach them may be said before it is asked for."""

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

OBJECTS = 0.8
"""Confidence from which words in place of a note or a reply are an objection to the program."""

SPOKEN_OF = re.compile(r"\b(receipts?|refer|referral|send|forward|pass|hand|tell)\b", re.IGNORECASE)
"""Words without which nobody speaks of a receipt or of handing over."""

ALONE = re.compile(r"\W*receipt\W*", re.IGNORECASE)
"""What is left of the command of that name where a channel has no commands."""

CHOSEN_BY_THE_WORD = ("referral_way", "referral_contact", "referral_change")
"""Slots of a form to which "receipt" alone is an answer."""

SENT = ("sent_receipt", "sent_contact")
"""Values of `asked` after something was handed over, with a receipt and without."""

OF_THE_UNIT = (OFFERED, *SENT, TICKET, END_TICKET, RESEND, REPLY)
"""Values of `asked` while a question about who reads it means the unit's own people."""

AFTER_SENDING = {
    "ticket_kept": "receipt_kept",
    "ticket_where": "explain_receipt",
    "ticket_again": "about_ticket",
}
"""Row of `typed_answers.yml` -> the intent of the words right after something was handed over."""

WHILE_IT_IS_THERE = ("ticket_went", "ticket_seen", "ticket_answer")
"""Rows that ask about it for as long as it is with the unit, as far as is known here."""

ANSWERED_BY_NO = ("referral_topic", "referral_note")
"""Slots of a form that "no" answers: there are no more topics, and there is no note."""

FEWEST_TO_GO_ON = 3
"""Words of "go on with it" that mean what was begun; "go on" alone may mean talk."""

LONGEST_TO_US = 6
"""Words that end a ticket while a reply is awaited; in more, it is the unit that is asked."""

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
            return await self._where_none_is_taken(conversation, text) or Taken(text)
        receipt = read_receipt(text)
        slots = await self._slots(conversation)
        if receipt is not None:
            return await self._receipt(conversation, slots, receipt, without_receipts(text))
        taken = (
            await self._of_what_was_sent(conversation, slots, text)
            or await self._spoken_of(slots, text)
            or await self._in_a_form(slots, text, command)
            or await self._who_reads(slots, text)
            or await self._of_mail(slots, text)
            or await self._at_the_offer(slots, text)
        )
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
        if awaited == "referral_note" and says("what_to_write", text):
            return _given("not_sealed", "what_to_write")
        brief = len(text.split()) <= MOST_WORDS
        if awaited != "referral_reply" and brief and _is_aside(parsed, awaited, text):
            return Taken(parse_data=_parse_data("nlu_fallback"))
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
            return await self._choice(conversation, slots, str(requested), text, cut)
        asked = slots.get("asked")
        if slots.get("active_loop") is None and asked in (TICKET, END_TICKET):
            return await self._with_ticket(conversation, slots, text, cut)
        return Taken(text)

    async def _choice(
        self, conversation: str, slots: Mapping[str, Any], slot: str, text: str, cut: bool
    ) -> Taken:
        """Return the choice that words make, or words that choose nothing and let go of nothing."""
        parsed = await self._parse(text)
        early = slot in BEFORE_CONTACT and has_address(text) and not gives_a_receipt(text)
        if parsed is None:
            if early:
                raise NotRecognisedError
            return Taken(text)
        if early:
            return self._contact_early(conversation, slots, text, parsed, cut)
        said = meant(text)
        if put_right := await self._topics_put_right(slots, said, parsed):
            return put_right
        asking = asks(slot, said)
        typed = typed_choice(slot, said, slots)
        chosen = [typed] if typed else numbered(slot, said, slots)
        chosen = chosen or ([] if asking else _named(parsed, slot))
        if _intent(parsed) == "delete_my_data" and not typed and len(said.split()) > LONGEST:
            chosen = []  # all about them is to go, and not only this
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
            for piece in pieces(said):
                chosen += _named(await self._parse(piece) or {}, slot)
        if chosen:
            return _choosing(text, parsed, slot, *dict.fromkeys(chosen))
        if slots.get("referral_way") == "contact" and slot in AT_THE_END and has_address(text):
            return self._seal("", slots, "referral_contact", text)
        others = [e for e in parsed.get("entities") or () if e.get("entity") != slot]
        return Taken(text, {**_unless_unsure(parsed, slot, text), "entities": others})

    def _contact_early(
        self,
        conversation: str,
        slots: Mapping[str, Any],
        text: str,
        parsed: dict[str, Any],
        cut: bool,
    ) -> Taken:
        """Return how to reach them, sealed, where it is said before it was asked for."""
        if _needs_an_answer(_without_calls(parsed, text), slots):
            return self._answered_before(conversation, slots, "referral_contact", text, parsed, cut)
        if cut:
            return _given("not_sealed", "too_long")
        given = dict(self._seal(conversation, slots, "referral_contact", text).parse_data or {})
        if given["entities"][0]["entity"] != "referral_contact":
            return Taken(parse_data=given)
        way = [{"entity": "referral_way", "value": "contact"}]
        by = [
            {"entity": "referral_answer_by", "value": value}
            for value in _named(parsed, "referral_answer_by")
        ]
        return Taken(parse_data={**given, "entities": [*given["entities"], *way, *by]})

    async def _topics_put_right(
        self, slots: Mapping[str, Any], text: str, parsed: dict[str, Any]
    ) -> Taken | None:
        """Return the topics that short words take out again, and those that take their place."""
        chosen = list(slots.get("referral_topics") or ())
        found = corrected(text) if chosen else None
        if found is None or _sure_of_risk(parsed):
            return None
        safe = _as_a_choice({**parsed, **NO_DOUBT}, said_whole=True)
        if _needs_an_answer(safe, slots):
            return None
        into, named = await self._topics_in(found.into), await self._topics_in(found.out)
        out = [topic for topic in named if topic in chosen]
        if found.last and not named:
            out = chosen[-1:]
        if found.only and into:
            out = [topic for topic in chosen if topic not in into]
        if not out:
            return Taken(parse_data=_parse_data("nlu_fallback")) if named and not into else None
        entities = [
            *({"entity": "referral_topic", "value": topic} for topic in (*into, TAKEN_OUT)),
            *({"entity": "referral_topic_out", "value": topic} for topic in out),
        ]
        return Taken(parse_data={**_parse_data("correct_referral"), "entities": entities})

    async def _topics_in(self, text: str) -> list[str]:
        """Return the topics that words name."""
        named: list[str] = []
        for piece in pieces(text) or [text]:
            if piece.strip():
                named += _named(await self._parse(piece) or {}, "referral_topic")
        return list(dict.fromkeys(named))

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
        loop = slots.get("active_loop")
        if slots.get("crisis") in CRISIS_RUNS or loop == REFERRAL:
            return None
        if loop is not None and not _wants_referral(slots, text):
            return None
        asked = str(slots.get("asked"))
        asked_for = asked == "receipt"
        about_receipt = asked_for or "receipt" in text.lower() or looks_like_a_receipt(text)
        if about_receipt and sum(map(str.isdigit, text)) >= FEWEST_DIGITS:
            rest = without_digits(text)
            parsed = await self._parse(rest) if rest else {}
            urgent = parsed is None or answered_first(parsed, slots) is not None
            return Taken(rest) if urgent else _found("incomplete")
        lost = asked_for and has_lost_it(text)
        wanted = asked not in OPENED and _wants_referral(slots, text)
        if asked == REPLY or not (lost or wanted or SPOKEN_OF.search(text)):
            return None
        parsed = await self._parse(text)
        if parsed is None or answered_first(parsed, slots) is not None:
            return None
        if wanted:
            return Taken(parse_data=_parse_data("affirm" if asked == OFFERED else "want_referral"))
        if lost:
            return Taken(parse_data=_parse_data("lost_receipt"))
        if ALONE.fullmatch(text):
            return Taken(parse_data=_parse_data("have_receipt"))
        entities = parsed.get("entities") or ()
        meanings = [MEANT.get((e.get("entity"), e.get("value"))) for e in entities]
        if "want_referral" in meanings:  # "refer me with a receipt" is no receipt that they have
            return Taken(parse_data=_parse_data("want_referral"))
        for meaning in meanings:
            asking = meaning == "have_receipt" and asks_about_receipts(text)
            if meaning is not None and not asking:
                return Taken(parse_data=_parse_data(meaning))
        if asks_about_receipts(text):
            return Taken(parse_data=_parse_data("explain_receipt"))
        return None

    async def _where_none_is_taken(self, conversation: str, text: str) -> Taken | None:
        """Return what the agent gets for words of handing over where no unit takes anything.

        It says so, whether something was to go or to be ended; nothing is kept for a unit here.
        """
        slots = await self._slots(conversation)
        if slots.get("crisis") in CRISIS_RUNS:
            return None
        if wants_it_ended(text, is_open=False, just_sent=False):
            about = _parse_data("about_ticket", ticket="back")
        elif _wants_referral(slots, text):
            about = _parse_data("want_referral")
        elif "receipt" in text.lower() and not says("other_receipt", text):
            entities = (await self._parse(text) or {}).get("entities") or ()
            named = any(e.get("entity") in ("receipt", "referral") for e in entities)
            if not (named or asks_about_receipts(text)):
                return None
            about = _parse_data("explain_receipt")
        else:
            return await self._of_mail(slots, text)
        parsed = await self._parse(text)
        if parsed is None or _sure_of_risk(parsed) or _needs_an_answer(parsed, slots):
            return None
        return Taken(parse_data=about)

    async def _of_mail(self, slots: Mapping[str, Any], text: str) -> Taken | None:
        """Return the question who reads what they send to the unit themselves."""
        if slots.get("crisis") in CRISIS_RUNS or slots.get("active_loop") == REFERRAL:
            return None
        if not asks_who_reads_mail(text):
            return None
        parsed = await self._parse(text)
        if parsed is None or _needs_an_answer(parsed, slots):
            return None
        return Taken(parse_data=_parse_data("ask_what_is_kept", reads="mail"))

    async def _of_what_was_sent(
        self, conversation: str, slots: Mapping[str, Any], text: str
    ) -> Taken | None:
        """Return what the agent gets for words about what was sent, or is open: to end it first."""
        if slots.get("crisis") in CRISIS_RUNS or slots.get("active_loop") is not None:
            return None
        is_open = self._held.opened(conversation) is not None
        about = _about_what_was_sent(slots, is_open, text)
        if about is None:
            return None
        parsed = await self._parse(text)
        return None if parsed is None or _sure_of_risk(parsed) else Taken(parse_data=about)

    async def _who_reads(self, slots: Mapping[str, Any], text: str) -> Taken | None:
        """Return the question who gets what is handed over, where that can be meant."""
        if slots.get("crisis") in CRISIS_RUNS:
            return None
        loop, awaited = slots.get("active_loop"), awaited_in(slots)
        if loop != REFERRAL and (loop is not None or slots.get("asked") not in OF_THE_UNIT):
            return None
        about = asks_who_sees_it(text)
        if about is None and awaited == "referral_note" and len(text.split()) <= LONGEST_TO_US:
            about = "anonymous" if says("stays_anonymous", text) else None
        elif about is not None and awaited is not None and not says("opens_a_question", text):
            return None
        after = loop is None and slots.get("asked") != OFFERED
        if about is None or asks_about_receipts(text) or (about == "next" and after):
            return None
        if awaited == "referral_contact" and has_address(text):
            return None
        if says("what_to_write", text) or says("who_would_know", text):
            return None  # the latter is a button of the offer
        parsed = await self._parse(text)
        if parsed is None or _needs_an_answer(parsed, slots):
            return None
        if any(e.get("entity") in ("party", "watcher") for e in parsed.get("entities") or ()):
            return None  # whether the supervisor is told is another question
        return Taken(parse_data=_parse_data("ask_what_is_kept", reads=about))

    async def _at_the_offer(self, slots: Mapping[str, Any], text: str) -> Taken | None:
        """Return the answer to whether to hand something over, in other words than its buttons."""
        if slots.get("crisis") in CRISIS_RUNS or slots.get("active_loop") is not None:
            return None
        if slots.get("asked") != OFFERED:
            return None
        said = meant(text)
        parsed = await self._parse(text)
        if parsed is None or _sure_of_risk(parsed):
            return None
        meaning = next((intent for row, intent in AT_THE_OFFER.items() if says(row, said)), None)
        if meaning is not None:
            plain = {**parsed, **NO_DOUBT, "intent": {}}
            return (
                None if _needs_an_answer(plain, slots) else Taken(parse_data=_parse_data(meaning))
            )
        if _needs_an_answer(parsed, slots) or _intent(parsed) not in REFUSES:
            return None
        question = _likeliest_question(parsed) if says("asks_within", said) else None
        if question is None:
            return None
        return Taken(text, {**parsed, "intent": {"name": question, "confidence": 1.0}})

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
            turned = _found("incomplete")
        elif ALONE.fullmatch(text) and (
            command or slots.get("requested_slot") not in CHOSEN_BY_THE_WORD
        ):
            turned = Taken(parse_data=_parse_data("have_receipt"))
        elif has_lost_a_receipt(text):
            turned = Taken(parse_data=_parse_data("lost_receipt"))
        elif turns_to_a_receipt(text):
            turned = Taken(parse_data=_parse_data("have_receipt"))
        else:
            return None
        parsed = await self._parse(rest) if rest else {}
        return None if parsed is None or _needs_an_answer(parsed, slots) else turned

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
        return _found("open", end=wants_it_ended(rest, is_open=True, just_sent=True))

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


def _unless_unsure(parsed: dict[str, Any], slot: str, text: str) -> dict[str, Any]:
    """Return what was recognised; what is not surely a wish to leave is not understood."""
    unsure = ((parsed.get("intent") or {}).get("confidence") or 0.0) < SURE
    if unsure and _intent(parsed) in LEAVES:
        return _not_understood(parsed)
    return _not_understood(parsed) if _leaves_loosely(parsed, slot, text) else parsed


def _leaves_loosely(parsed: Mapping[str, Any], slot: str, text: str) -> bool:
    """Whether words were taken for leaving that do not say so; a no answers some questions."""
    answers = _intent(parsed) == "deny" and slot in ANSWERED_BY_NO
    return _intent(parsed) in IN_SO_MANY_WORDS and not answers and not leaves(text)


def _is_aside(parsed: Mapping[str, Any], awaited: str, text: str) -> bool:
    """Whether words in place of a note or a contact are neither: they would leave, or begin it."""
    sure = ((parsed.get("intent") or {}).get("confidence") or 0.0) >= SURE
    return (sure and _leaves_loosely(parsed, awaited, text)) or wants_referral(meant(text))


def _wants_referral(slots: Mapping[str, Any], text: str) -> bool:
    """Whether something is to be handed over, or what was begun is to be gone on with."""
    said = meant(text)
    goes_on = is_begun(slots) and says("starts", said) and len(said.split()) >= FEWEST_TO_GO_ON
    by_name = slots.get("asked") not in OF_THE_UNIT and wants_to_be_referred(said)
    return goes_on or by_name or wants_referral(said) or _wants_it_told(slots, text)


def _wants_it_told(slots: Mapping[str, Any], text: str) -> bool:
    """Whether it is asked for a plain yes or no, after it was said that nothing is handed over."""
    return slots.get("last_ask") == NOT_TAKEN and says("can_or_not", text)


def _not_understood(parsed: Mapping[str, Any]) -> dict[str, Any]:
    return {**parsed, "intent": {"name": "nlu_fallback", "confidence": 1.0}}


def _likeliest_question(parsed: Mapping[str, Any]) -> str | None:
    ranking = parsed.get("intent_ranking") or ()
    names = (str(intent.get("name")) for intent in ranking)
    return next((name for name in names if name.startswith(QUESTIONS)), None)


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
    if awaited == "referral_note" and has_address(text):
        return False  # it would reach the agent in clear
    if words <= LONGEST and any(entity.get("entity") == awaited for entity in entities):
        return True
    question = text.rstrip().endswith("?")
    if awaited == "referral_contact" and question:
        return True
    ranking = [parsed.get("intent") or {}, *(parsed.get("intent_ranking") or ())]
    likeliest: Mapping[str, Any] = next((i for i in ranking if i.get("name") != "nlu_fallback"), {})
    name, sure = str(likeliest.get("name")), (likeliest.get("confidence") or 0.0) >= SURE
    if name == "object_to_bot" and (likeliest.get("confidence") or 0.0) < OBJECTS:
        return False  # what is sealed can be dropped again, what went in clear cannot
    if awaited == "referral_reply" and (question or name.startswith(QUESTIONS)):
        return sure and name in ABOUT_THE_PROGRAM
    if question and words <= LONGEST and name.startswith(QUESTIONS):
        return True
    longest = LONGEST_QUESTION if question else LONGEST
    return sure and words <= longest and name.startswith(ABOUT_THE_CONVERSATION)


def _about_what_was_sent(
    slots: Mapping[str, Any], is_open: bool, text: str
) -> dict[str, Any] | None:
    """Return the parse data of words about what was sent: to end it, or what became of it.

    `is_open` says that a receipt opened its ticket here.
    """
    asked, way = str(slots.get("asked")), slots.get("sent_way")
    brief = asked != REPLY or len(text.split()) <= LONGEST_TO_US
    if asked != END_TICKET and brief and wants_it_ended(text, is_open, asked in SENT):
        return _parse_data("end_ticket") if is_open else _parse_data("about_ticket", ticket="back")
    if asked in SENT:
        for row, intent in AFTER_SENDING.items():
            if says(row, text) and not (intent != "about_ticket" and asked != SENT[0]):
                return _parse_data(intent, ticket=row.removeprefix("ticket_"))
    rows: tuple[str, ...] = ()
    if way in SENT_WITH or (is_open and asked != REPLY):
        rows = WHILE_IT_IS_THERE
    elif way == ENDED:
        rows = ("ticket_gone",)
    about = next((row for row in rows if says(row, text)), None)
    return _parse_data("about_ticket", ticket=about.removeprefix("ticket_")) if about else None


def _given(entity: str, value: str) -> Taken:
    return Taken(parse_data=_parse_data("give_sealed", **{entity: value}))


def _choosing(text: str, parsed: dict[str, Any], slot: str, *values: str) -> Taken:
    """Return a choice made in words; the words stay, as how many there are may matter."""
    entities = [{"entity": slot, "value": value, "extractor": TYPED} for value in values]
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


def _found(state: str, end: bool = False) -> Taken:
    """Return what a receipt came to; `end` says that its ticket is to be ended."""
    wish = {"ticket": "end"} if end else {}
    return Taken(parse_data=_parse_data("give_receipt", receipt=state, **wish))


def _parse_data(intent: str, **entities: str) -> dict[str, Any]:
    return {
        "text": "",
        "intent": {"name": intent, "confidence": 1.0},
        "entities": [{"entity": name, "value": value} for name, value in entities.items()],
    }

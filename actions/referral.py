"""Handing over to a unit: the choices, what is sealed, the summary, and sending it."""

from __future__ import annotations

import hashlib
import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.local_facts import chosen_deanery, named_deanery
from actions.speaking import answered, entity_of, memory_of, remember, say, say_reply, was_said
from bot.channels.fixed import fixed
from bot.deanery import Deanery
from bot.dialogue.in_confidence import RECEIPT, in_confidence, receipts_in_use, withdraw
from bot.dialogue.memory import heard_in
from bot.dialogue.referral import (
    ANSWERED_BY,
    BACK,
    CHOICES,
    DONE,
    HANDED_OVER,
    HELD,
    NOT_TAKEN,
    OWED,
    SKIP,
    USE_RECEIPT,
    is_sealed,
    values_of,
)
from bot.dialogue.replies import reply_to_talk
from bot.referrals.desk import Choices, desk
from bot.referrals.errors import DeskUnavailable, DraftOutdated, NoKey, TicketAltered

FORM = "referral_form"

BEFORE_CONTACT = ("referral_way", "referral_answer_by")
"""Slots at whose question how to reach them may be said before it is asked for."""

MOST_WORDS_TO_SEND = 4
"""Words of a typed answer that sends: whoever says more may mean something else."""


def choice(title: str, **chosen: str) -> dict[str, str]:
    """Return a button with the response `title` as its title, that stands for a slot's value."""
    return {"title": fixed(title), "payload": f"/choose{json.dumps(chosen)}"}


def not_now() -> dict[str, str]:
    """Return the button that leaves the choices."""
    return {"title": fixed("utter_referral_choice_not_now"), "payload": "/not_now"}


def let_go() -> list[EventType]:
    """Return the events that forget what was to be handed over."""
    return [SlotSet(name, None) for name in HANDED_OVER]


async def drop(tracker: Tracker) -> list[EventType]:
    """Let go of what was to be handed over, and of a ticket of it that was not settled."""
    draft = tracker.get_slot("referral_draft")
    if draft:
        await withdraw(tracker.sender_id, str(draft))
    return let_go()


class ActionWantReferral(Action):
    """Notes that handing over is what waits for the deanery."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_want_referral"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say nothing; where no unit takes anything, say so, and let the contact wait instead."""
        if receipts_in_use():
            return [SlotSet("after_deanery", "referral"), *named_deanery(tracker)]
        say(dispatcher, "utter_referral_nowhere")
        nothing = [SlotSet("after_deanery", None), SlotSet("last_ask", NOT_TAKEN)]
        return [*nothing, *named_deanery(tracker)]


class ValidateReferralForm(FormValidationAction):
    """Decides what is asked next, and what an answer changes besides its own slot."""

    def name(self) -> str:
        """Return the action's name, which Rasa's form looks for."""
        return f"validate_{FORM}"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """Return the questions in their order: how to reach them only if that is the way."""
        asked = [*in_order(tracker.get_slot("referral_way")), "referral_confirm"]
        if tracker.get_slot("referral_confirm") == "change":
            asked.append("referral_change")
        return asked

    def validate_referral_topic(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Add topics, of which words may name several; ask for another until there are no more."""
        chosen = [*(tracker.get_slot("referral_topics") or ())]
        if value in (SKIP, DONE):
            return {"referral_topic": value}
        if value == BACK:
            return {"referral_topic": None, "referral_topics": chosen[:-1] or None}
        out = list(tracker.get_latest_entity_values("referral_topic_out"))
        if out:
            say(dispatcher, "utter_referral_topic_out", chosen=titles(out))
            chosen = [topic for topic in chosen if topic not in out]
        named = tracker.get_latest_entity_values("referral_topic")
        chosen += [topic for topic in named if topic in CHOICES["topic"] and topic not in chosen]
        if out:
            done = None if tracker.get_slot("requested_slot") == "referral_topic" else DONE
            asked_again = {"referral_confirm": None, "referral_change": None}
            return {"referral_topic": done, "referral_topics": chosen or None, **asked_again}
        complete = len(chosen) == len(CHOICES["topic"])
        return {"referral_topic": DONE if complete else None, "referral_topics": chosen}

    def validate_referral_help(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Take a kind of help that there is."""
        if value == BACK:
            return {**back_from("referral_help", tracker), "referral_topics": None}
        return {"referral_help": value if value in (SKIP, *CHOICES["help"]) else None}

    def validate_referral_way(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Take the way; left out, it is the one that tells least."""
        if value == BACK:
            return back_from("referral_way", tracker)
        if value == SKIP:
            say(dispatcher, "utter_referral_way_left_out")
            value = "receipt"
        return {"referral_way": value if value in CHOICES["way"] else None}

    def validate_referral_answer_by(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Take a way of being answered that goes with the way on."""
        if value == BACK:
            return back_from("referral_answer_by", tracker)
        way = tracker.get_slot("referral_way")
        if way == "receipt" and value in ANSWERED_BY["contact"]:
            say(dispatcher, "utter_referral_needs_contact")
            return {"referral_way": "contact", "referral_answer_by": value}
        fitting = values_of("answer_by", way)
        return {"referral_answer_by": value if value in (SKIP, *fitting) else None}

    def validate_referral_contact(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Take what is sealed; without it the way on is a receipt."""
        if is_sealed(value):
            requested = tracker.get_slot("requested_slot")
            if requested in BEFORE_CONTACT:
                return _contact_early(value, dispatcher, tracker)
            if requested != "referral_contact":
                say(dispatcher, "utter_referral_contact_corrected")
            return {"referral_contact": value, "referral_confirm": None, "referral_change": None}
        if value == BACK:
            return back_from("referral_contact", tracker)
        if value not in (SKIP, USE_RECEIPT):
            return {"referral_contact": None}
        if value == SKIP:
            say(dispatcher, "utter_referral_way_left_out")
        return {
            "referral_contact": None,
            "referral_way": "receipt",
            "referral_answer_by": None,
        }

    def validate_referral_note(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Take what is sealed, now or before another harm was answered, and nothing else."""
        if value == BACK:
            return back_from("referral_note", tracker)
        if value == HELD:
            value = tracker.get_slot("referral_held")
        taken = value if value == SKIP or is_sealed(value) else None
        return {"referral_note": taken, **({"referral_held": None} if taken else {})}

    def validate_referral_confirm(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Take an answer to the summary; more than a few words do not send."""
        words = len(str(tracker.latest_message.get("text") or "").split())
        if value == "send" and words > MOST_WORDS_TO_SEND:
            value = None
        if value == BACK:
            value = "change"
        if value == "contact":  # a number that was wrong: it is asked for again at once
            return {"referral_confirm": None, "referral_contact": None}
        return {"referral_confirm": value if value in CHOICES["confirm"] else None}

    def validate_referral_change(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any
    ) -> dict[str, Any]:
        """Ask again for the part that they want to change."""
        again: dict[str, Any] = {"referral_change": None}
        if value not in CHOICES["change"]:
            return again
        again["referral_confirm"] = None
        if value == "topic":
            again["referral_topics"] = None
        if value == "way":
            again["referral_answer_by"] = again["referral_contact"] = None
        if value != "nothing":
            again[f"referral_{value}"] = None
        return again


def _contact_early(
    sealed: str, dispatcher: CollectingDispatcher, tracker: Tracker
) -> dict[str, Any]:
    """Take a way to be reached that was said while the way on was chosen; say who reads it."""
    deanery = chosen_deanery(tracker)
    if deanery is not None:
        named = {"unit": deanery.unit, "deanery": deanery.name}
        say(dispatcher, "utter_referral_contact_taken", **named)
        _say_whom_it_tells(dispatcher, deanery)
    by = entity_of(tracker, "referral_answer_by")
    answer_by = {"referral_answer_by": by} if by in ANSWERED_BY["contact"] else {}
    return {"referral_contact": sealed, "referral_way": "contact", **answer_by}


def _say_whom_it_tells(dispatcher: CollectingDispatcher, deanery: Deanery) -> None:
    """Say what the unit says of whom it tells."""
    fact = deanery.fact("confidentiality", date.today())
    name = "utter_local_fact" if fact else "utter_local_fact_unknown"
    say(dispatcher, name, fact=fact or "", unit=deanery.unit, deanery=deanery.name)


def in_order(way: Any) -> list[str]:
    """Return the slots that are asked for before the summary, which depend on the way on."""
    asked = ["referral_topic", "referral_help", "referral_way", "referral_answer_by"]
    return [*asked, *(["referral_contact"] if way == "contact" else []), "referral_note"]


def back_from(slot: str, tracker: Tracker) -> dict[str, Any]:
    """Return the slots that are emptied so that the question before is asked again."""
    asked = in_order(tracker.get_slot("referral_way"))
    return {slot: None, asked[asked.index(slot) - 1]: None}


class _Ask(Action, ABC):
    """Asks one of the form's questions, with its choices."""

    @property
    @abstractmethod
    def about(self) -> str:
        """What is asked for: a key of `CHOICES`."""

    def name(self) -> str:
        """Return the action's name, which Rasa's form looks for."""
        return f"action_ask_referral_{self.about}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ask."""
        buttons = [
            *self.choices(tracker),
            *self.others(tracker),
            *self.way_back(tracker),
            not_now(),
        ]
        say(dispatcher, self.question(tracker), buttons=buttons, **self.named(tracker))
        return [SlotSet("asked", "open")]  # "not now" is no answer to the offer any more

    def question(self, tracker: Tracker) -> str:
        """Return the name of the question."""
        return f"utter_ask_referral_{self.about}"

    def named(self, tracker: Tracker) -> dict[str, str]:
        """Return what the question names."""
        return {}

    def way_back(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Return the button that leads to the question before."""
        return [choice("utter_referral_choice_back", **{f"referral_{self.about}": BACK})]

    def choices(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Return a button for each value."""
        for value in values_of(self.about, tracker.get_slot("referral_way")):
            yield choice(
                f"utter_referral_{self.about}_{value}", **{f"referral_{self.about}": value}
            )

    def others(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Return the buttons beside the values."""
        return [choice("utter_referral_choice_leave_out", **{f"referral_{self.about}": SKIP})]


class ActionAskReferralTopic(_Ask):
    """Asks what it is about, until there is no more."""

    about = "topic"

    def question(self, tracker: Tracker) -> str:
        """Ask for the first topic, or for another."""
        more = bool(tracker.get_slot("referral_topics"))
        return "utter_ask_referral_topic_more" if more else "utter_ask_referral_topic"

    def named(self, tracker: Tracker) -> dict[str, str]:
        """Name what was chosen so far, so that they see what was understood."""
        return {"chosen": titles_of_topics(tracker.slots)}

    def way_back(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Take the last topic back; before the first, nothing was asked."""
        return super().way_back(tracker) if tracker.get_slot("referral_topics") else ()

    def choices(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Return those that were not chosen yet."""
        chosen = tracker.get_slot("referral_topics") or ()
        for value in CHOICES["topic"]:
            if value not in chosen:
                yield choice(f"utter_referral_topic_{value}", referral_topic=value)

    def others(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Leave it out, or that is all."""
        if tracker.get_slot("referral_topics"):
            return [choice("utter_referral_choice_done", referral_topic=DONE)]
        return super().others(tracker)


class ActionAskReferralHelp(_Ask):
    """Asks what would help."""

    about = "help"


class ActionAskReferralWay(_Ask):
    """Asks whether to use a receipt, or to say how to reach them."""

    about = "way"


class ActionAskReferralAnswerBy(_Ask):
    """Asks how they would like to be answered."""

    about = "answer_by"

    def question(self, tracker: Tracker) -> str:
        """Ask what goes with the way on."""
        return f"utter_ask_referral_answer_by_{tracker.get_slot('referral_way')}"


class ActionAskReferralContact(_Ask):
    """Says who reads it, then asks how to reach them."""

    about = "contact"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say who reads it once, and what the unit says of whom it tells; then ask."""
        deanery = chosen_deanery(tracker)
        if deanery is not None and not was_said(tracker, "utter_referral_who_reads"):
            named = {"unit": deanery.unit, "deanery": deanery.name}
            say(dispatcher, "utter_referral_who_reads", **named)
            _say_whom_it_tells(dispatcher, deanery)
        return await super().run(dispatcher, tracker, domain)

    def others(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Offer the receipt instead."""
        return [choice("utter_referral_choice_receipt", referral_contact=USE_RECEIPT)]


class ActionAskReferralNote(_Ask):
    """Asks for a note, which is optional."""

    about = "note"

    def question(self, tracker: Tracker) -> str:
        """Ask for a note, or what is to become of the one that is held."""
        held = tracker.get_slot("referral_held")
        return "utter_ask_referral_note_held" if held else "utter_ask_referral_note"

    def choices(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Offer what was sealed before another harm was answered."""
        if tracker.get_slot("referral_held"):
            yield choice("utter_referral_choice_held", referral_note=HELD)


class ActionAskReferralConfirm(_Ask):
    """Shows all that would be sent, and asks whether to send it."""

    about = "confirm"

    def question(self, tracker: Tracker) -> str:
        """Ask whether to send it; before that say what cannot be taken back."""
        contact = is_sealed(tracker.get_slot("referral_contact"))
        return "utter_ask_referral_confirm_contact" if contact else "utter_ask_referral_confirm"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the summary, and name the draft, so that it is sent once."""
        deanery = chosen_deanery(tracker)
        if deanery is not None:
            lines = "\n".join(summary(tracker.slots))
            named = {"unit": deanery.unit, "deanery": deanery.name}
            say(dispatcher, "utter_referral_summary", lines=lines, **named)
        buttons = [*self.choices(tracker)]
        say(dispatcher, self.question(tracker), buttons=buttons)
        draft = tracker.get_slot("referral_draft") or new_draft()
        return [SlotSet("asked", "open"), SlotSet("referral_draft", draft)]


class ActionAskReferralChange(_Ask):
    """Asks which part is to be changed."""

    about = "change"

    def choices(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Return how to reach them only if that is the way on."""
        contact = tracker.get_slot("referral_way") == "contact"
        for value in CHOICES["change"]:
            if value != "contact" or contact:
                yield choice(f"utter_referral_change_{value}", referral_change=value)

    def others(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Return none: nothing is a choice among the parts."""
        return ()

    def way_back(self, tracker: Tracker) -> Iterable[dict[str, str]]:
        """Return none: to change nothing leads back."""
        return ()


def new_draft() -> str:
    """Return a random name for what is to be handed over."""
    return secrets.token_hex(16)


def titles_of_topics(slots: Mapping[str, Any]) -> str:
    """Return the titles of the topics that were chosen."""
    return titles(slots.get("referral_topics") or ())


def titles(topics: Iterable[str]) -> str:
    """Return the titles of topics."""
    return "; ".join(fixed(f"utter_referral_topic_{topic}") for topic in topics)


def summary(slots: Mapping[str, Any]) -> Iterable[str]:
    """Yield the lines of the summary, in their own choices."""
    left_out = fixed("utter_referral_line_left_out")
    yield fixed("utter_referral_line_topic", chosen=titles_of_topics(slots) or left_out)
    for about in ("help", "way", "answer_by"):
        value = slots.get(f"referral_{about}")
        known = value in CHOICES[about]
        title = fixed(f"utter_referral_{about}_{value}") if known else left_out
        yield fixed(f"utter_referral_line_{about}", chosen=title)
    for about in ("contact", "note"):
        if is_sealed(slots.get(f"referral_{about}")):
            sealed = fixed("utter_referral_line_sealed")
            yield fixed(f"utter_referral_line_{about}", chosen=sealed)
        elif about == "note":
            yield fixed("utter_referral_line_note", chosen=left_out)


class ActionSendReferral(Action):
    """Sends what was chosen and sealed, or lets go of it."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_send_referral"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Send it once, whatever is tried again, and say what became of it."""
        deanery = chosen_deanery(tracker)
        if deanery is None or tracker.get_slot("referral_confirm") != "send":
            say(dispatcher, "utter_referral_dropped")
            return [*answered(tracker, "open"), *await drop(tracker)]
        return await send_and_tell(dispatcher, tracker, deanery)


class ActionTellReferral(Action):
    """Tells again of what was handed over, where the first telling may not have arrived.

    What has a receipt is sent again with another, in place of the first; the rest went once.
    """

    def name(self) -> str:
        """Return the action's name."""
        return "action_tell_referral"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say that it is told again, and tell."""
        deanery, way = chosen_deanery(tracker), tracker.get_slot("referral_way")
        if deanery is None or not tracker.get_slot(OWED):
            return []
        if way != "receipt":
            say(dispatcher, "utter_referral_told_again_contact")
            _say_sent(dispatcher, deanery, way)
            return answered(tracker, "sent_contact")
        try:
            await _send(tracker, deanery)
        except DeskUnavailable:
            say(dispatcher, "utter_referral_told_later")
            return answered(tracker, "open")
        except (NoKey, DraftOutdated, TicketAltered):
            say(dispatcher, "utter_referral_told_anew")
            return [*answered(tracker, "open"), *await drop(tracker)]
        say(dispatcher, "utter_referral_told_again")
        _say_sent(dispatcher, deanery, way)
        return answered(tracker, "sent_receipt")


async def send_and_tell(
    dispatcher: CollectingDispatcher, tracker: Tracker, deanery: Deanery
) -> list[EventType]:
    """Send the draft and say what became of it.

    What was handed over is held until the channel has told its sender: see `bot/channels/telling`.
    """
    try:
        await _send(tracker, deanery)
    except DeskUnavailable:
        say(dispatcher, "utter_referral_not_sent")
        return answered(tracker, "referral", referral_confirm=None)
    except NoKey:
        say(dispatcher, "utter_referral_no_key")
        return [*answered(tracker, "open"), *let_go()]
    except (DraftOutdated, TicketAltered):
        say(dispatcher, "utter_referral_outdated")
        again = {f"referral_{part}": None for part in ("note", "held", "contact", "confirm")}
        return [*answered(tracker, "open", **again), FollowupAction(FORM)]
    way = tracker.get_slot("referral_way")
    _say_sent(dispatcher, deanery, way)
    sent = {"offer_accepted": True, "next_step": "utter_step_referral", OWED: True, "sent_way": way}
    return answered(tracker, f"sent_{way}", **sent)


async def _send(tracker: Tracker, deanery: Deanery) -> None:
    """Send the draft; a receipt stays in confidence until the channel shows it."""
    slots = tracker.slots
    kind_of_help, answer_by = slots.get("referral_help"), slots.get("referral_answer_by")
    choices = Choices(
        topics=tuple(slots.get("referral_topics") or ()),
        help=(kind_of_help,) if kind_of_help in CHOICES["help"] else (),
        answer_by=answer_by if answer_by in CHOICES["answer_by"] else None,
    )
    note, contact = (
        part if is_sealed(part := slots.get(f"referral_{about}")) else None
        for about in ("note", "contact")
    )
    way, draft = slots.get("referral_way"), str(slots.get("referral_draft"))
    content = repr((deanery.key, choices, note, contact, way)).encode()
    await in_confidence().send_once(
        tracker.sender_id,
        draft,
        hashlib.sha256(content).hexdigest(),
        lambda: desk().send(deanery.key, choices, note, contact, way == "receipt", draft),
    )


def _say_sent(dispatcher: CollectingDispatcher, deanery: Deanery, way: Any) -> None:
    timing = deanery.fact("timing", date.today())
    if way == "receipt":
        say(dispatcher, "utter_referral_sent", "utter_referral_not_tonight", unit=deanery.unit)
    else:
        say(dispatcher, "utter_referral_sent_contact", unit=deanery.unit)
        say(dispatcher, "utter_referral_not_tonight")
    if timing:
        say(dispatcher, "utter_plain_fact", fact=timing)
    if way == "receipt":
        say(dispatcher, "utter_receipt_keep")
        say(dispatcher, "utter_referral_sent_receipt", receipt=RECEIPT)
    else:
        say(dispatcher, "utter_referral_anything_else")


class ActionDropReferral(Action):
    """Lets go of what was to be handed over."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_drop_referral"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say that nothing went."""
        say(dispatcher, "utter_referral_dropped")
        return [*answered(tracker, "open"), *await drop(tracker)]


class ActionPauseReferral(Action):
    """Asks whether they are safe before anything else is chosen; what was chosen is kept."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_pause_referral"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Take up what was told, and ask; the form ends."""
        before = memory_of(tracker)
        reply = reply_to_talk(heard_in(tracker.latest_message), before)
        say_reply(dispatcher, reply)
        return [
            ActiveLoop(None),
            SlotSet("requested_slot", None),
            *remember(before, reply.memory, unclear_run=0),
        ]

"""With a receipt: reading the unit's answers, writing to it, ending the ticket."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.local_facts import chosen_deanery
from actions.speaking import answered, entity_of, memory_of, say, was_said
from bot.deanery import deaneries
from bot.dialogue.in_confidence import (
    ANSWER,
    NEW,
    in_confidence,
    receipts_in_use,
    unit_accepts,
)
from bot.dialogue.referral import ENDED, OFFERED_AGAIN, OWED, is_begun, is_sealed
from bot.referrals.desk import Opened, desk
from bot.referrals.errors import DeskUnavailable, ReferralError, TicketGone

SHOWN = "utter_referral_sent_receipt"
"""The response that shows a new receipt."""

NOT_SEALED = {
    "too_long": "utter_referral_too_long",
    "no_address": "utter_referral_no_address",
    "not_shown": "utter_referral_not_shown",
    "what_to_write": "utter_referral_note_hint",
    "unavailable": "utter_referral_not_sealed",
}
"""Why something was not sealed, or cannot be shown again -> what is said."""

FORM_ENDS = (ActiveLoop(None), SlotSet("requested_slot", None))
"""Events that end a running form."""

ABOUT = ("went", "seen", "answer", "again", "back")
"""What is asked about what was handed over: whether it went, whether somebody read it, how the
answer comes, to see the receipt again, to take it back."""

GONE = "gone"
"""Asked about a ticket that was ended: whether it is."""

ASKED_AGAIN = {
    "ticket": "utter_ask_receipt_next",
    "resend": "utter_return_resend",
    "end_ticket": "utter_ask_end_ticket",
}
"""What was asked of an open ticket before a question about it -> how it is asked again."""

NOT_OPENED = ("nothing", "too_many", "unavailable", "incomplete")
"""What a receipt can come to besides opening its ticket."""


class _Step(Action, ABC):
    """Says one response; what is asked next is the class's `asked`.

    Where `ends_form`, a running form ends, and its choices are kept.
    """

    asked = "open"
    ends_form = False

    @property
    @abstractmethod
    def says(self) -> str:
        """The name of the response."""

    def name(self) -> str:
        """Return the action's name: that of the response, as an action."""
        return self.says.replace("utter_", "action_", 1)

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say it."""
        say(dispatcher, self.says)
        return [*(FORM_ENDS if self.ends_form else ()), *answered(tracker, self.asked)]


def finished(tracker: Tracker, asked: str, **changes: Any) -> list[EventType]:
    """Return the events of `answered`, and that the turn is over, whatever a rule expected.

    What these actions ask next depends on how they went; a rule can name one outcome only.
    """
    return [*answered(tracker, asked, **changes), FollowupAction("action_listen")]


class ActionAskReceipt(_Step):
    """Asks for the receipt."""

    says = "utter_ask_receipt"
    asked = "receipt"
    ends_form = True

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ask; it is to be read, whatever was wished of it before."""
        asked = await super().run(dispatcher, tracker, domain)
        return [*asked, SlotSet("ending_wished", None)]


class ActionReceiptExplained(_Step):
    """Says where to keep a receipt; before one was shown, what it is."""

    says = "utter_receipt_explained"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say it."""
        if was_said(tracker, SHOWN) and not tracker.get_slot(OWED):
            say(dispatcher, self.says)
            return answered(tracker, memory_of(tracker).asked)
        deanery = chosen_deanery(tracker)
        if not receipts_in_use():
            say(dispatcher, "utter_receipt_nowhere")
        elif deanery is not None and not unit_accepts(deanery.key):
            say(dispatcher, "utter_receipt_not_here", deanery=deanery.name)
        else:
            say(dispatcher, "utter_receipt_what")
        return answered(tracker, memory_of(tracker).asked)


class ActionReceiptMissing(_Step):
    """Says what a lost receipt means; it may be found after all."""

    says = "utter_receipt_missing"
    asked = "receipt"
    ends_form = True


class ActionReceiptKept(_Step):
    """Goes on once the receipt was kept."""

    says = "utter_receipt_kept"


class ActionTicketLeft(_Step):
    """Leaves the ticket as it is, and lets go of a reply that was not sent.

    What was begun for a unit before the receipt was typed is offered again.
    """

    says = "utter_ticket_left"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say so."""
        in_confidence().keep_opened(tracker.sender_id, None)
        begun = is_begun(tracker.slots)
        say(dispatcher, OFFERED_AGAIN["referral"] if begun else self.says)
        return finished(tracker, "referral" if begun else self.asked, referral_reply=None)


class ActionAskReceiptNext(_Step):
    """Asks again what to do with the ticket that is open."""

    says = "utter_ask_receipt_next"
    asked = "ticket"


class ActionAboutTicket(Action):
    """Answers whether it went, whether the receipt can be seen again, how to take it back."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_about_ticket"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say it, of the way on that they took."""
        before = memory_of(tracker)
        about = entity_of(tracker, "ticket") or ABOUT[0]
        if about == GONE:
            say(dispatcher, "utter_ticket_gone")
            return finished(tracker, "open")
        if not receipts_in_use():
            say(dispatcher, "utter_ticket_back_nowhere")
            return finished(tracker, before.asked)
        is_open = in_confidence().opened(tracker.sender_id) is not None
        direct = not is_open and tracker.get_slot("sent_way") == "contact"
        way = "contact" if direct else "receipt"
        say(dispatcher, f"utter_ticket_{about}_{way}")
        if (about, way) == ("back", "receipt"):
            return finished(tracker, "receipt", ending_wished=True)
        if before.asked in ASKED_AGAIN and is_open:
            say(dispatcher, ASKED_AGAIN[before.asked])
        return finished(tracker, before.asked)


class ActionReceipt(Action):
    """Says what a receipt opened; any running form ends, and its choices are kept."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_receipt"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the answers, for the channel to fill in, or why there is nothing."""
        found = entity_of(tracker, "receipt")
        opened = in_confidence().opened(tracker.sender_id)
        asked = "receipt"
        if found in NOT_OPENED:
            say(dispatcher, f"utter_receipt_{found}")
        elif opened is None:
            say(dispatcher, "utter_receipt_gone")
        else:
            waits = is_sealed(tracker.get_slot("referral_reply"))
            ends = entity_of(tracker, "ticket") == "end" or tracker.get_slot("ending_wished")
            asked = _say_ticket(dispatcher, opened, waits, bool(ends))
            return [*FORM_ENDS, *answered(tracker, asked, ending_wished=None)]
        return [*FORM_ENDS, *answered(tracker, asked)]


def _say_ticket(
    dispatcher: CollectingDispatcher, opened: Opened, waits: bool, ends: bool = False
) -> str:
    """Say what a ticket holds, and ask what next, or whether to send the reply that `waits`.

    Where they wished to end it, `ends`, that is asked at once. Return the name of what is asked.
    """
    unit = deaneries().get(opened.deanery)
    named = {"unit": unit.unit, "deanery": unit.name} if unit else {"unit": "", "deanery": ""}
    if opened.state == "lost":
        say(dispatcher, "utter_ask_end_ticket" if ends else "utter_receipt_lost")
        return "end_ticket" if ends else "ticket"
    say(dispatcher, "utter_receipt_answer", answer=ANSWER, new=NEW, **named)
    if opened.state == "closed":
        say(dispatcher, "utter_receipt_closed")
    if ends:
        say(dispatcher, "utter_ask_end_ticket")
        return "end_ticket"
    if waits:
        say(dispatcher, "utter_return_resend")
        return "resend"
    say(dispatcher, "utter_ask_receipt_next")
    return "ticket"


class _AskAboutTicket(_Step):
    """Asks something about the ticket that a receipt opened, if it is still open here."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ask, or say that the receipt is needed again."""
        if in_confidence().opened(tracker.sender_id) is None:
            say(dispatcher, "utter_receipt_gone")
            return answered(tracker, "receipt")
        return await super().run(dispatcher, tracker, domain)


class ActionAskReply(_AskAboutTicket):
    """Asks for a reply to the unit."""

    says = "utter_ask_reply"
    asked = "reply"


class ActionTakeSealed(Action):
    """Passes a sealed reply on to the unit, or says that something could not be sealed."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_take_sealed"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Send the reply; a running form asks again for itself."""
        why_not = entity_of(tracker, "not_sealed")
        if why_not:
            say(dispatcher, NOT_SEALED[why_not])
            return []
        opened = in_confidence().opened(tracker.sender_id)
        held = entity_of(tracker, "referral_held")
        if held:
            say(dispatcher, "utter_ask_pass_on")
            return finished(tracker, "resend", referral_reply=held)
        sealed = entity_of(tracker, "referral_reply") or tracker.get_slot("referral_reply")
        if not is_sealed(sealed):
            say(dispatcher, "utter_receipt_gone")
            return finished(tracker, "receipt", referral_reply=None)
        if opened is None:  # offered again when the receipt is typed
            say(dispatcher, "utter_receipt_gone")
            return finished(tracker, "receipt", referral_reply=sealed)
        try:
            await desk().reply(opened, str(sealed))
        except DeskUnavailable:
            say(dispatcher, "utter_reply_not_sent")
            return finished(tracker, "resend", referral_reply=sealed)
        except TicketGone:
            in_confidence().keep_opened(tracker.sender_id, None)
            say(dispatcher, "utter_receipt_nothing")
            return finished(tracker, "receipt", referral_reply=None)
        except ReferralError:  # the unit changed its key since it was sealed
            say(dispatcher, "utter_reply_outdated")
            return finished(tracker, "reply", referral_reply=None)
        say(dispatcher, "utter_reply_sent")
        return finished(tracker, "ticket", referral_reply=None)


class ActionAskEndTicket(_AskAboutTicket):
    """Says what ending means, and asks."""

    says = "utter_ask_end_ticket"
    asked = "end_ticket"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ask; what was sealed in words that meant the ending is no reply."""
        meant = memory_of(tracker).asked == "resend"
        events = await super().run(dispatcher, tracker, domain)
        return [*events, SlotSet("referral_reply", None)] if meant else events


class ActionEndTicket(Action):
    """Deletes the ticket that is open."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_end_ticket"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Let go of it, delete it, and say so only then."""
        opened = in_confidence().opened(tracker.sender_id)
        if opened is None:
            say(dispatcher, "utter_receipt_gone")
            return finished(tracker, "receipt")
        in_confidence().keep_opened(tracker.sender_id, None)
        try:
            await desk().end(opened)
        except DeskUnavailable:  # the desk goes on trying
            say(dispatcher, "utter_ticket_not_ended")
            return finished(tracker, "open")
        say(dispatcher, "utter_ticket_ended")
        step = tracker.get_slot("next_step")
        kept = None if step == "utter_step_referral" else step  # it is no longer with them
        return finished(tracker, "open", sent_way=ENDED, next_step=kept)

"""Beginning, ending and forgetting a conversation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, AllSlotsReset, EventType, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.crisis_numbers import crisis_numbers
from actions.referral import drop
from actions.speaking import answered, memory_of, remember, say
from bot.deanery import deaneries
from bot.dialogue.context import danger_was_near, forgets
from bot.dialogue.in_confidence import receipts_in_use
from bot.dialogue.referral import unsent
from bot.privacy.lifetimes import LIFE_SECONDS, MINUTE
from bot.settings import settings

FORGET = "forget"
"""The value of `asked` once it was asked whether everything is to be forgotten."""


class ActionSessionStart(Action):
    """Starts a session, with the deanery that the link or the configuration names.

    Somebody who meant to go on is told that what was before is no longer held.
    """

    def name(self) -> str:
        """Return the action's name, which overrides Rasa's own."""
        return "action_session_start"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say nothing to somebody new; the opening is said when the conversation opens."""
        metadata = tracker.get_slot("session_started_metadata") or {}
        named = metadata.get("deanery") or settings().deanery
        events: list[EventType] = [SessionStarted()]
        if receipts_in_use():
            events.append(SlotSet("receipts_in_use", True))
        if named in deaneries():
            events.append(SlotSet("deanery", named))
        if metadata.get("continues"):
            say(dispatcher, "utter_began_again", minutes=LIFE_SECONDS // MINUTE)
        return [*events, ActionExecuted("action_listen")]


class ActionOpen(Action):
    """Says who this is, what it keeps and what it cannot promise, with the first choices."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_open"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the opening, or the menu to somebody who has been welcomed already."""
        before = memory_of(tracker)
        if before.turn:
            say(dispatcher, "utter_menu")
        else:
            say(dispatcher, "utter_open_who")
            say(dispatcher, "utter_open_limits")
            say(dispatcher, "utter_open_choices")
        after = replace(before, turn=before.turn + 1, asked="open")
        return remember(before, after, unclear_run=0, crisis="no")


class ActionClose(Action):
    """Ends with the one step they chose, and that they can come back."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_close"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say goodbye."""
        before = memory_of(tracker)
        say(dispatcher, tracker.get_slot("next_step") or "utter_step_talked", "utter_come_back")
        after = replace(before, turn=before.turn + 1, asked="nothing")
        return remember(before, after, unclear_run=0)


class ActionForget(Action):
    """Forgets what the conversation remembers."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_forget"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say what was forgotten, after the numbers where danger was near; reset every slot.

        What was not said in so many words is asked about first.
        """
        if not forgets(tracker.latest_message) and tracker.get_slot("asked") != FORGET:
            say(dispatcher, "utter_forget_ask")
            return answered(tracker, FORGET)
        if danger_was_near(tracker.slots):
            say(dispatcher, "utter_forgotten_numbers", **crisis_numbers(tracker))
        await drop(tracker)
        if not receipts_in_use():
            say(dispatcher, "utter_forgotten")
            return [AllSlotsReset()]
        waits = unsent(tracker.slots)
        if waits:
            reply = waits == "resend"
            say(dispatcher, "utter_forgotten_unsent_reply" if reply else "utter_forgotten_unsent")
        say(dispatcher, "utter_forgotten_not_referral")
        say(dispatcher, "utter_forgotten")
        return [AllSlotsReset(), SlotSet("receipts_in_use", True)]

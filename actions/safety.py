"""Risk to life: the numbers first, one direct question, then staying until the person chooses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.crisis_numbers import crisis_numbers
from actions.speaking import intent_of, memory_of, remember, say
from bot.nlu.taxonomy import OWN_RISK

YES, NO = ("affirm",), ("deny", "safe_for_now")

LEAVES_CRISIS = ("carry_on", "goodbye", "thank")
"""After somebody said no, or was given the ways to call, these end the crisis conversation."""

NOT_OWN_LIFE = "harm_to_others"
"""The kind whose question is about somebody else's safety."""


class ActionCrisis(Action):
    """Answers risk to life, and everything said until the person chooses to go on."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_crisis"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the bubbles of this step; any running form ends."""
        before = memory_of(tracker)
        state, kind = self._step(dispatcher, tracker)
        after = replace(before, turn=before.turn + 1, asked="open", safety_asked=True)
        return [
            ActiveLoop(None),
            SlotSet("requested_slot", None),
            *remember(before, after, crisis=state, crisis_kind=kind, unclear_run=0),
        ]

    def _step(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> tuple[str, str]:
        """Say this step's bubbles; return the state and the kind of risk after it."""
        risk = tracker.latest_message.get("risk")
        intent = intent_of(tracker)
        state = tracker.get_slot("crisis") or "no"
        kind = tracker.get_slot("crisis_kind") or "passive_ideation"
        if risk in OWN_RISK:
            return self._show_card_and_ask(dispatcher, tracker, str(risk), repeated=state != "no")
        if intent in ("need_help_now", "show_numbers"):
            say(dispatcher, "utter_crisis_card_asked_for", **crisis_numbers(tracker))
            if state == "no":
                say(dispatcher, "utter_crisis_ask_asked_for")
                return "asked", kind
            say(dispatcher, "utter_crisis_stay")
            return state, kind
        if state == "no":  # "no" or "don't know" to "are you safe right now?"
            return self._show_card_and_ask(dispatcher, tracker, "passive_ideation", repeated=False)
        if state == "asked" and intent in YES:
            say(dispatcher, f"utter_crisis_yes_{self._yes_family(kind)}")
            say(dispatcher, "utter_crisis_call_options", **crisis_numbers(tracker))
            return "staying", kind
        if intent in NO:
            say(dispatcher, "utter_crisis_no")
            return "eased", kind
        if state in ("staying", "eased") and intent in LEAVES_CRISIS:
            say(dispatcher, "utter_crisis_carry_on")
            return "no", kind
        if state == "eased":
            say(dispatcher, "utter_crisis_eased_listen")
            return "eased", kind
        say(dispatcher, "utter_crisis_stay")
        return state, kind

    @staticmethod
    def _show_card_and_ask(
        dispatcher: CollectingDispatcher, tracker: Tracker, risk: str, repeated: bool
    ) -> tuple[str, str]:
        opening = "utter_crisis_again" if repeated else f"utter_crisis_open_{risk}"
        say(dispatcher, opening, "utter_crisis_card", **crisis_numbers(tracker))
        say(dispatcher, f"utter_crisis_ask_{risk}")
        return "asked", risk

    @staticmethod
    def _yes_family(kind: str) -> str:
        return "others" if kind == NOT_OWN_LIFE else "self"

"""Risk to life: the numbers first, one direct question, then staying until the person chooses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.crisis_numbers import crisis_numbers
from actions.speaking import intent_of, memory_of, remember, say
from bot.dialogue.help_intents import HELP_INTENTS
from bot.dialogue.replies import QUIET_TURNS
from bot.nlu.taxonomy import OWN_RISK

ASKED_FOR, NOT_SAFE = "asked_for", "not_safe"
"""Kinds of crisis besides the own risks: help was asked for; "no" to "are you safe?"."""

SAFE, DANGER, WILL_CALL = "safe", "danger", "will_call"
"""What an answer means."""

ANSWERS = {
    ASKED_FOR: {"affirm": SAFE, "deny": DANGER},  # "Are you safe where you are?"
    "immediate": {"affirm": WILL_CALL, "deny": DANGER},  # "Can you ring now?"
}
"""Meaning of a bare yes or no, for the questions that are not "are you thinking of ...?"."""

USUAL_ANSWERS = {"affirm": DANGER, "deny": SAFE}

MEANINGS = {"safe_for_now": SAFE, "will_call": WILL_CALL}
"""Buttons that mean the same after every question."""

AFTER_DANGER = {"immediate": "immediate", "harm_to_others": "others"}
"""Kinds with words of their own after an answer that means danger; the others share theirs."""


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
        turn = before.turn + 1
        after = replace(
            before,
            turn=turn,
            asked="open",
            safety_asked=True,
            no_offer_before_turn=turn + QUIET_TURNS,
        )
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
        kind = tracker.get_slot("crisis_kind") or ASKED_FOR
        if risk in OWN_RISK:
            return self._show_card_and_ask(dispatcher, tracker, str(risk), again=state != "no")
        if intent in HELP_INTENTS:
            say(dispatcher, "utter_crisis_card_asked_for", **crisis_numbers(tracker))
            if state == "no":
                say(dispatcher, "utter_crisis_ask_asked_for")
                return "asked", ASKED_FOR
            say(dispatcher, "utter_crisis_stay")
            return state, kind
        if state == "no":
            return self._show_card_and_ask(dispatcher, tracker, NOT_SAFE, again=False)
        return self._after_answer(dispatcher, tracker, state, kind), kind

    def _after_answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, state: str, kind: str
    ) -> str:
        """Answer what was said after the card; return the state after it."""
        intent = intent_of(tracker)
        meaning = MEANINGS.get(intent)
        if state == "asked":
            meaning = meaning or ANSWERS.get(kind, USUAL_ANSWERS).get(intent)
        if meaning == DANGER:
            say(dispatcher, f"utter_crisis_yes_{AFTER_DANGER.get(kind, 'self')}")
            say(dispatcher, "utter_crisis_call_options", **crisis_numbers(tracker))
            return "staying"
        if meaning == WILL_CALL:
            say(dispatcher, "utter_crisis_will_call", **crisis_numbers(tracker))
            return "eased"
        if meaning == SAFE:
            say(dispatcher, "utter_crisis_no")
            return "eased"
        if intent == "goodbye":
            say(dispatcher, "utter_crisis_goodbye", "utter_crisis_card", **crisis_numbers(tracker))
            return "no" if state == "eased" else state
        if intent == "carry_on" and (state == "eased" or kind == ASKED_FOR):
            say(dispatcher, "utter_crisis_carry_on")
            return "no"
        say(dispatcher, "utter_crisis_stay")
        return "staying" if state == "staying" else "eased"

    @staticmethod
    def _show_card_and_ask(
        dispatcher: CollectingDispatcher, tracker: Tracker, kind: str, again: bool
    ) -> tuple[str, str]:
        opening = "utter_crisis_again" if again else f"utter_crisis_open_{kind}"
        numbers = crisis_numbers(tracker)
        say(dispatcher, opening, "utter_crisis_card", **numbers)
        say(dispatcher, f"utter_crisis_ask_{kind}", **numbers)
        return "asked", kind

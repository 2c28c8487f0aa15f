"""Free talk: taking up what somebody tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.routes import given_route, question_of, route_for_later, say_route
from actions.speaking import intent_of, memory_of, remember, say, say_reply
from bot.dialogue.memory import heard_in
from bot.dialogue.replies import declined, reply_to_talk

ACTS = ("affirm", "deny", "unsure", "carry_on", "something_on_my_mind", "smalltalk", "choose")
"""Intents with replies of their own when nothing was recognised beside them."""

UNCLEAR_LIMIT = 2
"""Unclear messages in a row after which the help card and the menu are shown."""


class ActionReplyToTalk(Action):
    """Takes up what was told and asks one thing, or offers to tell about the unit."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_reply_to_talk"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the reply."""
        before = memory_of(tracker)
        heard, intent = heard_in(tracker.latest_message), intent_of(tracker)
        if intent in ACTS and not heard.anything():
            if intent == "affirm" and before.asked == "back" and before.talk_turns:
                intent = "carry_on"
            say(dispatcher, f"utter_act_{intent}")
            after = replace(before, turn=before.turn + 1, asked="open")
            return remember(before, after, unclear_run=0)
        reply = reply_to_talk(heard, before)
        say_reply(dispatcher, reply)
        return [*remember(before, reply.memory, unclear_run=0), *route_for_later(tracker)]


class ActionReplyUnclear(Action):
    """Invites more when a message could not be read; twice in a row brings help and a menu."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_reply_unclear"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the invitation, or the card and the menu."""
        before = memory_of(tracker)
        heard = heard_in(tracker.latest_message)
        if heard.anything() or _likeliest_intent(tracker) == "share":
            reply = reply_to_talk(heard, before)
            say_reply(dispatcher, reply)
            return [*remember(before, reply.memory, unclear_run=0), *route_for_later(tracker)]
        run = int(tracker.get_slot("unclear_run") or 0) + 1
        after = replace(before, turn=before.turn + 1, asked="open")
        if run >= UNCLEAR_LIMIT:
            say(dispatcher, "utter_help_card")
            say(dispatcher, "utter_menu")
            run = 0
        else:
            say(dispatcher, "utter_unclear")
        return remember(before, after, unclear_run=run)


class ActionNotNow(Action):
    """Respects a no, and leaves every door open."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_not_now"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say so, and offer nothing for a while."""
        before = memory_of(tracker)
        say(dispatcher, "utter_not_now")
        after = declined(replace(before, turn=before.turn + 1))
        return remember(before, after, unclear_run=0)


class ActionSafeForNow(Action):
    """Believes somebody who says they are safe, and goes on listening."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_safe_for_now"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Thank them, and ask for the smallest step."""
        before = memory_of(tracker)
        turn = before.turn + 1
        say(dispatcher, "utter_safe_thanks")
        waiting = tracker.get_slot("route_waiting")
        if waiting:
            say_route(dispatcher, tracker, waiting)
            after = replace(before, turn=turn, asked=question_of(waiting))
            return [*remember(before, after, unclear_run=0), *given_route(tracker, waiting)]
        say(dispatcher, "utter_stage_on_the_edge_ask")
        after = replace(
            before, turn=turn, asked="open", last_ask="stage", no_offer_before_turn=turn + 2
        )
        return remember(before, after, unclear_run=0)


def _likeliest_intent(tracker: Tracker) -> str:
    """Return the intent that was likeliest before the fallback took its place."""
    ranking = tracker.latest_message.get("intent_ranking") or []
    names = (str(intent.get("name")) for intent in ranking)
    return next((name for name in names if name != "nlu_fallback"), "")

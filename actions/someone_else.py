"""Somebody else's risk or death, and worry about somebody; the writer is asked after too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.crisis_numbers import crisis_numbers
from actions.services import service_lines
from actions.speaking import memory_of, remember, say, say_reply
from bot.dialogue.context import (
    CALLED,
    IN_DANGER,
    MISREAD,
    STAY,
    TOLD_MORE,
    WAITING,
    confirmed_route,
    may_be_nobody,
    news_of,
    others_risk_is_clear,
    tells_more,
)
from bot.dialogue.memory import heard_in
from bot.dialogue.reading import NEWS_FIRST
from bot.dialogue.replies import QUIET_TURNS, reply_to_talk
from bot.nlu.routes import (
    FEARED_FOR,
    MAYBE,
    OTHER_ROUTES,
    SOMEONE_ELSE,
    is_no_danger,
    someone_in_danger,
    told_now,
)

UNCLEAR_WHOSE = "other_someone"
"""The route when somebody else is at risk and it is not clear who."""


def take_news(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Meet the good news that a message tells before its question, if it does; ask nothing."""
    news = tracker.latest_message.get(NEWS_FIRST)
    if not news:
        return []
    say(dispatcher, f"utter_other_{news}", **crisis_numbers(tracker))
    given = [*(tracker.get_slot("routes_given") or ()), f"{SOMEONE_ELSE}{news}"]
    return [SlotSet("routes_given", given)]


class ActionSomeoneElse(Action):
    """Answers worry about somebody else, and asks after the one who worries."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_someone_else"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say what helps the other person, then turn to the writer; any running form ends."""
        before = memory_of(tracker)
        turn = before.turn + 1
        news = news_of(tracker.latest_message, tracker.slots)
        route = f"{SOMEONE_ELSE}{news}" if news else self._route(tracker)
        before_this = list(tracker.get_slot("routes_given") or ())
        feared = any(given in FEARED_FOR for given in before_this)
        if route is None and feared and someone_in_danger(tracker.slots):
            more = TOLD_MORE if tells_more(tracker.latest_message) else STAY
            news = WAITING if SOMEONE_ELSE + CALLED in before_this else more
            route = f"{SOMEONE_ELSE}{news}"
        if route is None:
            say(dispatcher, "utter_worried_about_someone")
            say(dispatcher, "utter_and_you")
            after = replace(before, turn=turn, asked="and_you")
            return remember(before, after, unclear_run=0)
        if route == MAYBE:
            say(dispatcher, "utter_other_maybe_open", **crisis_numbers(tracker))
            say(dispatcher, "utter_and_you")
            after = replace(before, turn=turn, asked="and_you")
            given = [*(tracker.get_slot("routes_given") or ()), route]
            return remember(before, after, unclear_run=0, routes_given=given)
        heard = heard_in(tracker.latest_message)
        if news == MISREAD and heard.anything():
            say(dispatcher, "utter_other_not_meant")
            quiet = max(before.no_offer_before_turn, turn + QUIET_TURNS)
            reply = reply_to_talk(heard, replace(before, no_offer_before_turn=quiet))
            say_reply(dispatcher, reply)
            return [
                ActiveLoop(None),
                SlotSet("requested_slot", None),
                *remember(before, reply.memory, unclear_run=0, routes_given=[*before_this, route]),
            ]
        if news:
            self._say_news(dispatcher, tracker, news)
        else:
            self._say_route(dispatcher, tracker, route)
        given = [*(tracker.get_slot("routes_given") or ()), route]
        after = replace(
            before,
            turn=turn,
            asked="and_you",
            no_offer_before_turn=max(before.no_offer_before_turn, turn + QUIET_TURNS),
        )
        return [
            ActiveLoop(None),
            SlotSet("requested_slot", None),
            *remember(before, after, unclear_run=0, routes_given=given, harm_open=None),
        ]

    @staticmethod
    def _route(tracker: Tracker) -> str | None:
        """Return whose risk the message tells, or None for a worry short of that."""
        confirmed = confirmed_route(tracker.latest_message, tracker.slots)
        if confirmed in OTHER_ROUTES:
            return confirmed
        told = told_now(tracker.latest_message, tracker.slots)
        named = next((harm for harm in told if harm in OTHER_ROUTES), None)
        if named and may_be_nobody(tracker.latest_message, tracker.slots):
            return MAYBE
        at_risk = tracker.latest_message.get("risk") == "third_party"
        if named or not at_risk or is_no_danger(tracker.latest_message):
            return named
        clear = others_risk_is_clear(tracker.latest_message)
        nobody = may_be_nobody(tracker.latest_message, tracker.slots)
        return UNCLEAR_WHOSE if clear and not nobody else MAYBE

    @staticmethod
    def _say_news(dispatcher: CollectingDispatcher, tracker: Tracker, news: str) -> None:
        """Say what meets the news; with help on its way, the question is about the waiting."""
        numbers = crisis_numbers(tracker)
        called = SOMEONE_ELSE + CALLED in (tracker.get_slot("routes_given") or ())
        say(dispatcher, f"utter_other_{news}", **numbers)
        asked = WAITING if called and news in IN_DANGER else news
        say(dispatcher, f"utter_other_{asked}_ask", **numbers)

    @staticmethod
    def _say_route(dispatcher: CollectingDispatcher, tracker: Tracker, route: str) -> None:
        numbers = crisis_numbers(tracker)
        say(dispatcher, f"utter_{route}_open", **numbers)
        signs = tracker.latest_message.get("signs") or ()
        if route in FEARED_FOR and "they_do_not_answer" in signs:
            say(dispatcher, "utter_other_no_reply", **numbers)
            say(dispatcher, "utter_other_no_reply_ask", **numbers)
            return
        lines = "" if route == UNCLEAR_WHOSE else service_lines(tracker, route)
        if lines:
            say(dispatcher, f"utter_{route}_do", "utter_route_lines", lines=lines, **numbers)
        else:
            say(dispatcher, f"utter_{route}_do", **numbers)
        say(dispatcher, f"utter_{route}_ask")

"""Adjacent harms: each has its own reviewed words and signposts, before any form or unit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.crisis_numbers import crisis_numbers
from actions.services import service_lines
from actions.speaking import (
    intent_of,
    memory_of,
    remember,
    said_last_turn,
    say,
    say_reply,
)
from bot.dialogue.context import (
    AT_WORK,
    DOUBTS_IT,
    FEAR,
    STRANGLED,
    UNSAFE_PERSON,
    answers_route,
    aside_of,
    confirmed_route,
    fear_of,
    harm_spoken_of,
    is_breathless,
    question_again,
    stays_open,
    withdrawn_route,
)
from bot.dialogue.replies import AFTER_ROUTE, QUIET_TURNS, taken_back
from bot.nlu.routes import (
    AT_HOME,
    DONE_FIRST,
    HURT_BY_SOMEBODY,
    OWN_ROUTES,
    SEXUAL,
    WITHDRAWN,
    routes,
    told_at_the_edge,
    told_now,
)

SAFETY_ASKED = ("sexual_harm", "domestic_abuse")
"""Routes whose question is whether they are safe from somebody; "no" begins a crisis."""

THEIRS_TO_REPORT = ("sexual_harm", "domestic_abuse", "bullying", "discrimination")
"""Routes after which reporting is a choice; after those `AT_WORK` it is a duty, not borne alone."""

UNIT_MAY_HELP = ("bullying", "discrimination")
"""Routes after which the unit may be offered again soon, though never with them."""

HARASSED = "_harassed"
"""End of the name of what is said where touching short of an assault is told."""

REMARKS, AT_WORK_LINES = f"{SEXUAL}_said", "bullying"
"""Words of their own for sexual remarks, and the route whose services are named with them."""

WITHDRAWAL = "_withdrawal"
"""End of the name of what is said where somebody shakes or sweats without a drink."""

NEAR_WORK = "_near_work"
"""End of the name of what is said where a drink before a shift or a drive is told."""

LONG_QUIET = (
    "domestic_abuse",
    "sexual_harm",
    "eating_disorder",
    "no_home_or_money",
    "error_today",
)
LONG_QUIET_TURNS = 10
"""Routes after which the unit waits longer to be offered, unless it is asked for, and how long."""

THROAT = "throat"
"""What is said to a hand on the throat; medical care and the services follow it."""

KNOWN = ("done", "senior_knows")
"""Signs that what comes first after an error, or when unfit, is done already."""

ASKED_ASIDE = {"writes": "safe_from_them", "panic": "route", THROAT: "safe_from_them"}
"""What is said to something told on after a route -> what its question asks, if a yes or no."""


SETTLED_ASIDE = ("cannot_talk", "minutes", "writes", THROAT)
"""What is said aside that sees to their safety itself, or asks about it."""


class ActionRoute(Action):
    """Answers a harm with its own route, then what was said to the route's question."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_route"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the route, or the step after its question; any running form ends."""
        before = memory_of(tracker)
        harm, fear = harm_of(tracker), fear_of(tracker.latest_message, tracker.slots)
        turn = before.turn + 1
        after = replace(
            before,
            turn=turn,
            talk_turns=before.talk_turns + 1,
            no_offer_before_turn=max(before.no_offer_before_turn, turn + self._quiet(harm)),
        )
        withdrawn = withdrawn_route(tracker.latest_message, tracker.slots)
        aside = aside_of(tracker.latest_message, tracker.slots)
        if harm is not None:
            known = is_known(tracker, harm)
            say_route(dispatcher, tracker, harm, answered=known)
            heard = with_concern(before.concerns_heard, harm)
            asked = "open" if known else question_of(worded_as(tracker, harm))
            stated = with_concern(before.concerns_stated, harm)
            after = replace(after, asked=asked, concerns_heard=heard, concerns_stated=stated)
            changed: dict[str, Any] = {}
            answered = given_route(tracker, harm)
            if known:
                answered.append(SlotSet("route_asked", None))
        elif withdrawn is not None:
            reply = taken_back(before, routes()[withdrawn].concern)
            say_reply(dispatcher, reply)
            given = [
                WITHDRAWN + route if route == withdrawn else route
                for route in tracker.get_slot("routes_given")
            ]
            after = reply.memory
            changed = {"routes_given": given, "route_asked": None}
            answered = []
        elif aside is not None:
            say(dispatcher, f"utter_route_aside_{aside}", **crisis_numbers(tracker))
            if aside == THROAT:
                _say_care_for_the_throat(dispatcher, tracker)
                say(dispatcher, "utter_route_throat_ask")
            asked = ASKED_ASIDE.get(aside, "open")
            changed, answered = {}, []
            if aside in ASKED_ASIDE and not tracker.get_slot("route_asked"):
                changed = {"route_asked": harm_spoken_of(tracker.slots)}  # asked anew
            if self._leaves_safety_open(tracker, aside):
                say(dispatcher, f"utter_route_{tracker.get_slot('route_asked')}_again")
                asked = before.asked
                changed = {"route_again": tracker.get_slot("route_asked")}
            after = replace(after, asked=asked, last_ask=AFTER_ROUTE)
        elif fear and not self._is_answered(tracker, before.asked):
            _say_fear(dispatcher, tracker, fear)
            given = [*(tracker.get_slot("routes_given") or ()), FEAR + fear]
            changed = {"routes_given": given}
            answered = []
        else:
            done = self._say_next(dispatcher, tracker)
            stays = not done and tracker.get_slot("route_asked") in DONE_FIRST
            after = replace(after, asked="route" if stays else "open", last_ask=AFTER_ROUTE)
            changed = {"route_asked": None} if done else {}
            answered = []
        return [
            ActiveLoop(None),
            SlotSet("requested_slot", None),
            *remember(before, after, unclear_run=0, **changed),
            *answered,
        ]

    @staticmethod
    def _is_answered(tracker: Tracker, asked: str) -> bool:
        """Whether the message answers the route's question, which comes before a fear."""
        said = answers_route(tracker.latest_message, tracker.slots)
        return asked in ("route", "safe_from_them") and said is not None

    @staticmethod
    def _leaves_safety_open(tracker: Tracker, aside: str) -> bool:
        """Whether "are you safe from them?" is left unanswered, so that it is asked once more."""
        asked = stays_open(tracker.slots) == "safe_from_them" and aside not in SETTLED_ASIDE
        open_still = answers_route(tracker.latest_message, tracker.slots) is None
        doubts = DOUBTS_IT in (tracker.latest_message.get("signs") or ())
        again = question_again(tracker.slots) is not None
        return asked and again and (open_still or doubts)

    @staticmethod
    def _quiet(harm: str | None) -> int:
        """Return the turns in which the unit is not offered after a route."""
        if harm in LONG_QUIET:
            return LONG_QUIET_TURNS
        return 1 if harm in UNIT_MAY_HELP else QUIET_TURNS

    @staticmethod
    def _say_next(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
        """Say what follows the answer to the route's question; return whether it was yes."""
        route = tracker.get_slot("route_asked")
        said = answers_route(tracker.latest_message, tracker.slots)
        done = "done" in (tracker.latest_message.get("signs") or ())
        yes = said == "yes" or done or intent_of(tracker) == "safe_for_now"
        say(dispatcher, f"utter_route_{route}_{'yes' if yes else 'no'}", **crisis_numbers(tracker))
        return yes


def _say_fear(dispatcher: CollectingDispatcher, tracker: Tracker, fear: str) -> None:
    """Say what meets a fear; whether it has to be reported depends on what was told."""
    route = harm_spoken_of(tracker.slots)
    if fear == "report" and route in THEIRS_TO_REPORT:
        say(dispatcher, "utter_route_fear_report_theirs")
    elif fear == "report" and route in AT_WORK:
        say(dispatcher, "utter_route_fear_report_duty")
    else:
        say(dispatcher, "utter_route_fear_told" if fear == "report" else f"utter_route_fear_{fear}")


def harm_of(tracker: Tracker) -> str | None:
    """Return the route to give now: told, confirmed, or one that waited for "are you safe?"."""
    message, slots = tracker.latest_message, tracker.slots
    told = [harm for harm in told_now(message, slots) if harm in OWN_ROUTES]
    by_phrases = (message.get("harm_sources") or {}).get("patterns") or ()
    plainly = [harm for harm in told if harm in by_phrases]
    waiting = slots.get("route_waiting") if slots.get("asked") == "safe_now" else None
    confirmed = confirmed_route(message, slots)
    if slots.get("harm_open") and aside_of(message, slots):
        told = []  # what is told on about what was asked is no other trouble
    yes = [confirmed] if confirmed in OWN_ROUTES else []
    return next(iter((*plainly, *yes, *told)), waiting)


def say_route(
    dispatcher: CollectingDispatcher, tracker: Tracker, route: str, answered: bool = False
) -> None:
    """Say a route: what it means and what comes first, who can help, one question.

    Args:
        dispatcher: takes the bubbles.
        tracker: the conversation.
        route: its name.
        answered: whether they have said yes already to what the route asks.
    """
    numbers, words = crisis_numbers(tracker), worded_as(tracker, route)
    if answered and route == "error_today":
        say(dispatcher, "utter_route_error_today_told")
    else:
        say(dispatcher, f"utter_route_{words}_open", **numbers)
    if is_breathless(tracker.latest_message):
        say(dispatcher, "utter_breathless", **numbers)
    if route in HURT_BY_SOMEBODY and STRANGLED in (tracker.latest_message.get("signs") or ()):
        say(dispatcher, f"utter_route_aside_{THROAT}")
        _say_care_for_the_throat(dispatcher, tracker)
    else:
        lines = service_lines(tracker, AT_WORK_LINES if words == REMARKS else route)
        who = [f"utter_route_{words}_do{_told_as(tracker, words)}"]
        who += ["utter_route_lines"] if lines else []
        say(dispatcher, *who, lines=lines, **numbers)
    say(dispatcher, f"utter_route_{words}_{'yes' if answered else 'ask'}", **numbers)


def _say_care_for_the_throat(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Say what to have looked at after a hand on the throat, and who helps to plan around it."""
    lines = service_lines(tracker, AT_HOME)
    who = ["utter_route_throat_who", *(["utter_route_lines"] if lines else [])]
    say(dispatcher, *who, lines=lines, **crisis_numbers(tracker))


def is_known(tracker: Tracker, route: str) -> bool:
    """Whether a message tells a route whose first step it says is done ("the reg knows")."""
    signs = tracker.latest_message.get("signs") or ()
    return route in DONE_FIRST and any(sign in signs for sign in _known_by(route))


def _known_by(route: str) -> tuple[str, ...]:
    """Return the signs that say so; who knows of an error has not taken a shift over."""
    return KNOWN if route == "error_today" else KNOWN[:1]


def worded_as(tracker: Tracker, route: str) -> str:
    """Return the name in a route's responses: remarks are not met as an assault."""
    signs = tracker.latest_message.get("signs") or ()
    more = any(sign in signs for sign in ("assaulted", "touched", "they_write_now"))
    asked = said_last_turn(tracker, f"utter_maybe_{REMARKS}")
    return REMARKS if route == SEXUAL and ("remarks" in signs or asked) and not more else route


def _told_as(tracker: Tracker, words: str) -> str:
    """Return the end of the response's name: a hand on the knee is not met with forensic tests."""
    signs = tracker.latest_message.get("signs") or ()
    doubted = "asks_if_it_counts" in signs
    by_phrases = (tracker.latest_message.get("harm_sources") or {}).get("patterns") or ()
    if words == SEXUAL and (doubted or "assaulted" not in signs):
        belittled = doubted or any(sign in signs for sign in ("harassed", "remarks"))
        hovers = "touched" in signs and SEXUAL not in by_phrases
        return HARASSED if belittled or hovers else ""
    if words != "alcohol_drugs":
        return ""
    if "withdrawal" in signs:
        return WITHDRAWAL
    return NEAR_WORK if "drank_near_work" in signs else ""


def question_of(route: str) -> str:
    """Return what `asked` holds after a route's question."""
    return "safe_from_them" if route in SAFETY_ASKED else "route"


def with_concern(heard: tuple[str, ...], route: str) -> tuple[str, ...]:
    """Return the concerns heard so far and what a route is about, which is spoken of next."""
    concern = routes()[route].concern if route in routes() else None
    return heard if concern is None else (*(c for c in heard if c != concern), concern)


def given_route(tracker: Tracker, route: str) -> list[EventType]:
    """Return the events that remember that a route was given, also if it had waited."""
    waiting = tracker.get_slot("route_waiting")
    return [
        SlotSet("route_waiting", None if waiting == route else waiting),
        SlotSet("routes_given", [*(tracker.get_slot("routes_given") or ()), route]),
        SlotSet("harm_open", None),
        SlotSet("route_asked", worded_as(tracker, route)),
    ]


def route_for_later(tracker: Tracker) -> list[EventType]:
    """Return the events that keep a route until somebody at the edge has said they are safe."""
    route = told_at_the_edge(tracker.latest_message, tracker.slots)
    given = tracker.get_slot("routes_given") or ()
    return [] if route is None or route in given else [SlotSet("route_waiting", route)]


def waiting_route(tracker: Tracker, kind: str) -> list[EventType]:
    """Return the events that remember a harm told in a crisis until its route is given.

    What somebody did is often told with an urge to hurt them; that crisis answers it alone.
    """
    waiting, harm = tracker.get_slot("route_waiting"), harm_of(tracker)
    sources = tracker.latest_message.get("harm_sources") or {}
    if harm is None and kind == UNSAFE_PERSON:  # the crisis is about it: nothing is left to ask
        given = tracker.get_slot("routes_given") or ()
        clear = [harm for harm in sources.get("clear") or () if harm in HURT_BY_SOMEBODY]
        harm = next((harm for harm in clear if harm not in given), None)
    sure = kind == UNSAFE_PERSON or harm in (sources.get("patterns") or ())
    if harm is None or waiting or not sure or kind == "harm_to_others":
        return []
    return [SlotSet("route_waiting", harm)]

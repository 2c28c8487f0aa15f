"""The hand-over: which deanery, how to reach its unit, and a message ready to send."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.local_facts import (
    DISCOURAGED,
    chosen_deanery,
    named_deanery,
    offer_contact,
    say_warnings,
)
from actions.questions import BY_KIND, say_who_is_told
from actions.someone_else import take_news
from actions.speaking import intent_of, memory_of, remember, said_last_turn, say
from bot.deanery import Deanery, deaneries
from bot.dialogue.in_confidence import unit_accepts
from bot.dialogue.reading import ASKED
from bot.dialogue.reading import CONTACT as NUMBER
from bot.dialogue.referral import NOT_TAKEN, is_begun
from bot.dialogue.replies import Memory, declined

OFFERED = ("message", "referral")
"""Values of `asked` after the contact: which of the two ways of writing was offered."""

WANTED, CARD = ("ask_how_to_contact", "want_referral"), "utter_contact_card"
"""The intents that end at the contact, and what gives it; it is not said twice running."""

DEANERY = "utter_ask_deanery"
"""What asks for the deanery with the whole list, which is not shown twice running."""

ANSWERS_DEANERY = (*WANTED, "affirm", "name_my_deanery", "inform")
"""The intents at which the deanery is asked for again; at any other it is let be."""

CONTACT = "contact"
"""Value of `after_deanery` once the question was let be, and of `asked` while it is offered."""

KEEPS_QUIET = "keeps_quiet"
"""The sign of a wish that somebody does not hear of it."""

MESSAGE_MADE = "message_made"
"""`last_ask` once the message was made: "not now" is a no to "anything else before you go?"."""

SKIP = "rather_not_say"
"""Value of a message slot that somebody skipped."""


class ActionTellAboutUnit(Action):
    """Tells in a few lines what the unit is, after leave was given."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_tell_about_unit"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Tell, then ask whether they want to see how to reach it."""
        before = memory_of(tracker)
        say(dispatcher, "utter_about_unit")
        _say_who_hears(dispatcher, tracker)
        asked = offer_contact(dispatcher, chosen_deanery(tracker))
        after = replace(
            before, turn=before.turn + 1, asked=asked, offer_accepted=True, unit_told=True
        )
        # a rule can name one outcome only
        return [*remember(before, after, unclear_run=0), FollowupAction("action_listen")]


class ActionWantContact(Action):
    """Notes that it is the contact that waits for the deanery."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_want_contact"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ask nothing; a deanery that is named in the same breath is not asked for again."""
        heard = take_news(dispatcher, tracker)
        _say_who_hears(dispatcher, tracker)
        return [*heard, SlotSet("after_deanery", None), *named_deanery(tracker)]


class ActionAskDeanery(Action):
    """Asks for the deanery, with every one we know as a choice, and "rather not say"."""

    def name(self) -> str:
        """Return the action's name, which Rasa's form looks for."""
        return "action_ask_deanery"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ask; straight after the list it is asked for in words, with the list to be had again.

        Who speaks of something else is asked no more: the form ends, and what waits still does.
        """
        put = said_last_turn(tracker, DEANERY) or said_last_turn(tracker, f"{DEANERY}_again")
        if put and intent_of(tracker) not in ANSWERS_DEANERY:
            return [SlotSet("requested_slot", None)]
        if said_last_turn(tracker, DEANERY):
            say(dispatcher, "utter_ask_deanery_again")
            return []
        choices = [
            {"title": deanery.name, "payload": f'/choose_deanery{{"deanery": "{deanery.key}"}}'}
            for deanery in deaneries().values()
        ]
        dispatcher.utter_message(response=DEANERY, buttons=choices)
        return []


class ActionAfterDeanery(Action):
    """Gives what was waiting for the deanery: whom the unit tells, or how to reach it."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_after_deanery"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say it."""
        if tracker.get_slot("deanery") is None:  # the question was let be
            return [SlotSet("after_deanery", tracker.get_slot("after_deanery") or CONTACT)]
        before = memory_of(tracker)
        deanery = chosen_deanery(tracker)
        today = date.today()
        if tracker.get_slot("after_deanery") == "who_is_told":
            asked = _say_who_is_told(dispatcher, tracker, deanery, today)
            after = replace(before, turn=before.turn + 1, asked=asked)
        elif tracker.get_slot("after_deanery") == "referral":
            after = _say_whether_to_hand_over(dispatcher, tracker, deanery, before)
        else:
            after = _say_how_to_reach(dispatcher, tracker, deanery, before)
        others: dict[str, Any] = {"unclear_run": 0, "after_deanery": None}
        reachable = deanery is not None and bool(deanery.fresh_contacts(today))
        if after.asked in OFFERED and reachable:  # they have seen a way to the unit
            others["next_step"] = "utter_step_contact"
        return remember(before, after, **others)


def _say_who_hears(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Meet a wish that somebody does not hear of it, said along with the yes."""
    if KEEPS_QUIET in (tracker.latest_message.get("signs") or ()):
        say(dispatcher, "utter_contact_quietly")


def _say_who_is_told(
    dispatcher: CollectingDispatcher, tracker: Tracker, deanery: Deanery | None, today: date
) -> str:
    """Say whom the unit tells, and what has to be known before; return what is asked then."""
    text = deanery.fact("confidentiality", today) if deanery else None
    if deanery is None:
        say(dispatcher, "utter_told_without_deanery")
    elif text is None:
        say(dispatcher, "utter_local_fact_unknown", unit=deanery.unit, deanery=deanery.name)
    else:
        say_who_is_told(dispatcher, deanery, text)
    if deanery is not None:
        say_warnings(dispatcher, tracker, deanery)
    return offer_contact(dispatcher, deanery)


def _say_whether_to_hand_over(
    dispatcher: CollectingDispatcher, tracker: Tracker, deanery: Deanery | None, before: Memory
) -> Memory:
    """Ask whether to begin, after any warning; or say what there is where nothing is taken."""
    if deanery is not None and unit_accepts(deanery.key):
        say_warnings(dispatcher, tracker, deanery)
        if is_begun(tracker.slots):
            say(dispatcher, "utter_offer_referral_again")
        else:
            say(dispatcher, "utter_referral_begin", unit=deanery.unit, deanery=deanery.name)
        return replace(before, turn=before.turn + 1, asked="referral", offer_accepted=True)
    if deanery is None:
        say(dispatcher, "utter_referral_which_deanery")
    elif deanery.self_referral != "none":  # which says so itself
        say(dispatcher, "utter_referral_not_here", deanery=deanery.name)
    after = _say_how_to_reach(dispatcher, tracker, deanery, before)
    return replace(after, last_ask=NOT_TAKEN)


def _say_how_to_reach(
    dispatcher: CollectingDispatcher, tracker: Tracker, deanery: Deanery | None, before: Memory
) -> Memory:
    turn, today = before.turn + 1, date.today()
    if intent_of(tracker) in WANTED and said_last_turn(tracker, CARD):
        say(dispatcher, "utter_contact_above")
        return replace(before, turn=turn)
    if deanery is None:
        say(dispatcher, "utter_contact_without_deanery")
        say(dispatcher, "utter_offer_message")
        return replace(before, turn=turn, asked="message", offer_accepted=True)
    if deanery.self_referral == "none":
        asked = offer_contact(dispatcher, deanery)
        return replace(declined(replace(before, turn=turn, asked="open")), asked=asked)
    say_warnings(dispatcher, tracker, deanery)
    contacts = deanery.fresh_contacts(today)
    wants_number = NUMBER in (tracker.latest_message.get(ASKED) or ())
    if contacts:
        lines = "\n".join(f"{c.value}\n{c.fact.text}" for c in contacts)
        say(dispatcher, CARD, unit=deanery.unit, deanery=deanery.name, lines=lines)
        timing, offered = deanery.fact("timing", today), deanery.fact("offer", today)
        if deanery.self_referral != DISCOURAGED:
            say(dispatcher, "utter_what_happens_next")
        elif offered:  # nobody is told that a few lines of their own are the usual way
            say(dispatcher, "utter_plain_fact", fact=offered)
        if wants_number and not any(contact.kind in BY_KIND for contact in contacts):
            say(dispatcher, "utter_asked_no_contact_way")
        if timing:
            say(dispatcher, "utter_plain_fact", fact=timing)
    else:
        say(dispatcher, "utter_contact_unknown", unit=deanery.unit, deanery=deanery.name)
    if unit_accepts(deanery.key):
        begun = is_begun(tracker.slots)
        say(dispatcher, "utter_offer_referral_again" if begun else "utter_offer_referral")
        return replace(before, turn=turn, asked="referral", offer_accepted=True)
    say(dispatcher, "utter_offer_message")
    return replace(before, turn=turn, asked="message", offer_accepted=True)


class ActionBeforeMessage(Action):
    """Says what has to be known before writing to a unit; where nobody can, what there is."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_before_message"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say it once; where nobody can write, the message's form does not begin."""
        deanery, before = chosen_deanery(tracker), memory_of(tracker)
        if _may_mean_others(tracker):
            return _ask_wording(dispatcher, tracker, before)
        if deanery is not None and deanery.self_referral == "none":
            asked = offer_contact(dispatcher, deanery)
            after = replace(
                declined(replace(before, turn=before.turn + 1, asked="open")), asked=asked
            )
            return [*remember(before, after, unclear_run=0), FollowupAction("action_listen")]
        if deanery is not None:
            say_warnings(dispatcher, tracker, deanery)
        return [SlotSet("asked", "open")]  # "ok" is no answer to the offer any more


def _may_mean_others(tracker: Tracker) -> bool:
    """Whether words to say were asked for, and neither the unit nor a message was named."""
    typed = bool(str(tracker.latest_message.get("text") or "").strip())
    signs = tracker.latest_message.get("signs") or ()
    if memory_of(tracker).asked in ("message", "wording"):
        return False  # it was offered
    return typed and intent_of(tracker) == "want_message" and "names_message" not in signs


def _ask_wording(
    dispatcher: CollectingDispatcher, tracker: Tracker, before: Memory
) -> list[EventType]:
    """Ask whether a message to the unit is meant; after a crisis, go on listening."""
    if tracker.get_slot("crisis") != "no":
        return [FollowupAction("action_reply_to_talk")]
    say(dispatcher, "utter_ask_wording")
    after = replace(before, turn=before.turn + 1, asked="wording")
    return [*remember(before, after, unclear_run=0), FollowupAction("action_listen")]


class ActionMessage(Action):
    """Assembles a short message from the person's own choices, for them to copy."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_message"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the message in a bubble of its own, then what to do with it."""
        before = memory_of(tracker)
        parts = ["utter_message_hello"]
        for slot in ("message_about", "message_help", "message_reply"):
            value = tracker.get_slot(slot)
            if value and value != SKIP:
                parts.append(f"utter_{slot}_{value}")
        say(dispatcher, "utter_message_ready")
        say(dispatcher, *parts, "utter_message_thanks")
        say(dispatcher, "utter_message_how_to_send")
        after = replace(
            before,
            turn=before.turn + 1,
            asked="open",
            offer_accepted=True,
            last_ask=MESSAGE_MADE,
        )
        forget_choices = [
            SlotSet(slot, None) for slot in ("message_about", "message_help", "message_reply")
        ]
        return [
            *remember(before, after, unclear_run=0, next_step="utter_step_message"),
            *forget_choices,
        ]


class ActionInform(Action):
    """Notes a bare fact: a deanery gives what waits for it, or is kept; the rest is thanked for."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_inform"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say that it was noted, and ask on."""
        before = memory_of(tracker)
        deanery = chosen_deanery(tracker)
        named = next(tracker.get_latest_entity_values("deanery"), None)
        if named and deanery and tracker.get_slot("after_deanery") == "who_is_told":
            asked = _say_who_is_told(dispatcher, tracker, deanery, date.today())
            after = replace(before, turn=before.turn + 1, asked=asked)
            return remember(before, after, unclear_run=0, after_deanery=None)
        waits = tracker.get_slot("after_deanery")
        if named and deanery and waits == "referral":
            after = _say_whether_to_hand_over(dispatcher, tracker, deanery, before)
            return remember(before, after, unclear_run=0, after_deanery=None)
        if named and deanery and (waits == CONTACT or before.asked in (CONTACT, *OFFERED)):
            after = _say_how_to_reach(dispatcher, tracker, deanery, before)
            return remember(before, after, unclear_run=0, after_deanery=None)
        if named and deanery is not None:
            say(dispatcher, "utter_deanery_noted", deanery=deanery.name)
        else:
            say(dispatcher, "utter_fact_noted")
        after = replace(before, turn=before.turn + 1, asked="open")
        return remember(before, after, unclear_run=0)

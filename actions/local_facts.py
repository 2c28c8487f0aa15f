"""The deanery that a conversation is about, and what has to be said before its unit is offered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.speaking import say
from bot.deanery import Deanery, deaneries
from bot.dialogue.memory import SAID

DISCOURAGED = "discouraged"
"""Value of `self_referral` where an educator is meant to fill in the form too."""

ENDS_A_SENTENCE = (".", "?", "!", "\n", ";")
"""Ends of a sentence, after which a deanery's name alone says where somebody is."""

WARNING_RESPONSES = ("utter_before_you_refer", "utter_before_you_refer_too")
"""Responses that say a deanery's warnings, in their order."""


def chosen_deanery(tracker: Tracker) -> Deanery | None:
    """Return the deanery of the slot, or None if it is not known."""
    return deaneries().get(tracker.get_slot("deanery") or "")


def named_deanery(tracker: Tracker) -> list[EventType]:
    """Return the events that take the one deanery that the latest message names, if it does."""
    named = {str(value) for value in tracker.get_latest_entity_values("deanery")}
    known = [name for name in named if name in deaneries()]
    return [SlotSet("deanery", known[0])] if len(known) == 1 else []


def told_deanery(tracker: Tracker) -> list[EventType]:
    """Return the events that keep the deanery that somebody says they are in, if none is known.

    One that begins the message is theirs, one that is a sentence of its own at its end, or one
    beside "I'm in" and the like; of any other it is not known whose it is.
    """
    message = tracker.latest_message
    if tracker.get_slot("deanery"):
        return []
    text = str(message.get("text") or "")
    alone = any(
        e.get("entity") == "deanery" and _stands_alone(text, e)
        for e in message.get("entities") or ()
    )
    theirs = alone or "says_where" in (message.get("signs") or ())
    return named_deanery(tracker) if theirs else []


def take_deanery(tracker: Tracker) -> list[EventType]:
    """Keep the deanery that a question names as theirs, for its answer too; return the events."""
    events = told_deanery(tracker)
    for event in events:
        tracker.slots[event["name"]] = event["value"]
    return events


def _stands_alone(text: str, entity: Mapping[str, Any]) -> bool:
    """Whether a name begins a message, or is a sentence of its own at its end."""
    start, end = int(entity.get("start") or 0), int(entity.get("end") or 0)
    before, behind = text[:start].rstrip(" ("), text[end:].strip(" ).,!?")
    return start == 0 or (not behind and before.endswith(ENDS_A_SENTENCE))


def say_warnings(dispatcher: CollectingDispatcher, tracker: Tracker, deanery: Deanery) -> None:
    """Say what has to be known before referring oneself, if there is such a thing; once."""
    if _was_warned(tracker, deanery):
        return
    for text, name in zip(deanery.warnings(), WARNING_RESPONSES, strict=False):
        say(dispatcher, name, fact=text)


def _was_warned(tracker: Tracker, deanery: Deanery) -> bool:
    """Whether the warnings of `deanery`, and of no other, were said last."""
    of: str | None = None
    warned = False
    for event in tracker.events:
        if event.get("event") == "slot" and event.get("name") == "deanery":
            if event.get("value") != of:
                of, warned = event.get("value"), False
        elif event.get("event") == "bot":
            said = (event.get("metadata") or {}).get(SAID, ())
            warned = warned or any(one.startswith(f"{WARNING_RESPONSES[0]}:") for one in said)
    return warned and of == deanery.key


def offer_contact(dispatcher: CollectingDispatcher, deanery: Deanery | None) -> str:
    """Offer to show how to reach the unit; where nobody can refer themselves, say what there is.

    Return the value of `asked` that goes with it.
    """
    if deanery is None or deanery.self_referral != "none":
        say(dispatcher, "utter_offer_contact")
        return "contact"
    instead = deanery.facts["instead"]
    shown = instead.text if instead is not None and instead.fresh(date.today()) else ""
    say(dispatcher, "utter_no_self_referral", deanery=deanery.name, fact=shown)
    say(dispatcher, "utter_return_talk_without_contact")
    return "back"

"""What an event of a turn is counted as. Pure functions over Rasa's wiped events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bot.dialogue.memory import SAID
from bot.nlu.taxonomy import FACETS
from bot.trends.groups import groups
from bot.trends.labels import LABELS, known_labels
from bot.trends.vocabulary import ANYBODY, CHANNELS, HELP_CARD, PEOPLE, questions

WAY_OF_ACTION = {
    "action_reply_to_talk": "listened",
    "action_someone_else": "listened",
    "action_tell_about_unit": "asked_about_unit",
    "action_message": "took_message",
    "action_not_now": "said_not_now",
}
"""Actions of the agent that mean a step."""

ABOUT_THE_UNIT = (
    "ask_what_is_psu",
    "ask_how_to_contact",
    "ask_first_contact",
    "ask_who_is_told",
    "ask_need_to_be_ill",
    "ask_cost",
    "ask_how_soon",
    "ask_does_it_help",
)
"""Questions that mean the step of asking about the unit."""

CONTACTS = ("utter_contact_card",)
HANDED_OVER = ("utter_referral_sent",)
DECLINED = ("utter_not_now", "utter_no_more_offers")
HELP_CARDS = ("utter_crisis_card", "utter_help_card")
"""Beginnings of the names of responses that show a contact of the unit, that say something was
handed over to it, that respect a no (also a second "maybe"), and that show the numbers."""

OPENING = "open_conversation"
"""Intent of a page that was opened: nobody has said anything yet, and nobody is counted."""


UNCOUNTED = ("slot", "session_started", "active_loop")
"""Kinds of events of which nothing is ever counted; every turn has several."""


FORGETS = "reset_slots"
"""Kind of the event by which a conversation is to be forgotten."""


class Observed(NamedTuple):
    """Something to count the conversation's person as."""

    facet: str
    value: str


def takes_part(event: Mapping[str, Any]) -> bool:
    """Whether somebody said or pressed something, and so is one of the people counted."""
    return event.get("event") == "user" and _intent(event) not in ("", OPENING)


def channel_of(event: Mapping[str, Any]) -> str | None:
    """Return the channel of a user's event if its conversations are counted."""
    channel = event.get("input_channel")
    return channel if channel in CHANNELS else None


def forgets(event: Mapping[str, Any]) -> bool:
    """Whether the person asked to be forgotten."""
    return event.get("event") == FORGETS


def observed_in(event: Mapping[str, Any]) -> Iterator[Observed]:
    """Yield what one wiped event of a turn is counted as."""
    kind = event.get("event")
    if kind == "user" and takes_part(event):
        yield Observed(PEOPLE, ANYBODY)
        yield from _of_message(event)
    elif kind == "action" and event.get("name") in WAY_OF_ACTION:
        yield Observed("way", WAY_OF_ACTION[str(event["name"])])
    elif kind == "bot":
        yield from _of_bubble(event)


def _of_message(event: Mapping[str, Any]) -> Iterator[Observed]:
    channel = channel_of(event)
    if channel:
        yield Observed("channel", channel)
    intent = _intent(event)
    if intent in questions():
        yield Observed("question", intent)
    if intent in ABOUT_THE_UNIT:
        yield Observed("way", "asked_about_unit")
    found = known_labels((event.get("metadata") or {}).get(LABELS))
    for facet, values in found.items():
        for value in values:
            group = value if facet in FACETS else groups().group_of(facet, value)
            if group:
                yield Observed(facet, group)


def _of_bubble(event: Mapping[str, Any]) -> Iterator[Observed]:
    said = [str(name) for name in (event.get("metadata") or {}).get(SAID) or ()]
    if any(name.startswith(HELP_CARDS) for name in said):
        yield Observed(HELP_CARD, ANYBODY)
    if any(name.startswith(CONTACTS) for name in said):
        yield Observed("way", "saw_contact")
    if any(name.startswith(HANDED_OVER) for name in said):
        yield Observed("way", "took_message")
    if any(name.startswith(DECLINED) for name in said):
        yield Observed("way", "said_not_now")


def _intent(event: Mapping[str, Any]) -> str:
    parse_data = event.get("parse_data") or {}
    return str((parse_data.get("intent") or {}).get("name") or "")

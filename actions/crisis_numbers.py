"""The crisis numbers for the nation that is known, or for all of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from rasa_sdk import Tracker

from actions.local_facts import chosen_deanery
from bot.deanery import CRISIS_LINES, NATIONS, signposts

WRITTEN_LINES = ("shout", "samaritans_email")
"""Entries for who cannot speak; the last is essential, so that one of them is always shown."""

SPEAKING_UP = (
    "speak_up_guardian",
    "inwo",
    "speaking_up_wales",
    "raising_concerns_ni",
    "protect",
)
"""Entries for who raises a concern at work: one in each nation, and one that serves all."""

EMERGENCY, *MENTAL_HEALTH_LINES, LISTENING = CRISIS_LINES


def crisis_numbers(tracker: Tracker) -> dict[str, Any]:
    """Return the variables of the crisis bubbles, most of all of the card.

    `emergency`, `mental_health`, `listening`; `text_line`, for who cannot speak; and `speak_up`,
    the name of who helps to raise a concern. Without a deanery the nation is not known: each
    nation's line is named, and whom all nations have.
    """
    register = signposts()
    deanery = chosen_deanery(tracker)
    nations = (deanery.nation,) if deanery else NATIONS
    lines = [
        register[key]
        for key in MENTAL_HEALTH_LINES
        if any(nation in register[key].nations for nation in nations)
    ]
    return {
        "emergency": register[EMERGENCY].value,
        "mental_health": "\n".join(f"{line.value}: {line.name}" for line in lines),
        "listening": f"{register[LISTENING].value}: {register[LISTENING].name}",
        "text_line": next(
            register[key].value for key in WRITTEN_LINES if register[key].shown(date.today())
        ),
        "speak_up": _speak_up(nations),
    }


def _speak_up(nations: tuple[str, ...]) -> str:
    """Return the name of the first of `SPEAKING_UP` that serves all `nations` and may be shown.

    Its last is named if none may, as a sentence needs a name; it is no number that could be wrong.
    """
    register = signposts()
    there = [register[key] for key in SPEAKING_UP if key in register]
    serving = [post for post in there if {*nations} <= {*post.nations}]
    return next((post.name for post in serving if post.shown(date.today())), there[-1].name)

"""The deanery that a conversation is about."""

from __future__ import annotations

from rasa_sdk import Tracker

from bot.deanery import Deanery, deaneries


def chosen_deanery(tracker: Tracker) -> Deanery | None:
    """Return the deanery of the slot, or None if it is not known."""
    return deaneries().get(tracker.get_slot("deanery") or "")

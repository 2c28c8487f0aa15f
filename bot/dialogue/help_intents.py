"""Asking for the crisis numbers, whatever else is going on."""

from collections.abc import Collection

HELP_INTENTS = ("need_help_now", "show_numbers")

HELP_SIGN = "help"
"""Sign (`nlu_data/patterns/signs.yml`) of a message that asks for them in so many words."""


def asks_for_help(intent: str, signs: Collection[str]) -> bool:
    """Whether a message of this intent and with these signs asks for the numbers."""
    return intent in HELP_INTENTS or HELP_SIGN in signs

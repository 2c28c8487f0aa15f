"""Intents that ask for the crisis numbers, whatever else is going on."""

HELP_INTENTS = ("need_help_now", "show_numbers")

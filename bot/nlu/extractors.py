"""Names of what recognises entities, for whoever asks where one comes from."""

TYPED = "choices"
"""Curated words of a choice (`bot/nlu/choices.py`)."""

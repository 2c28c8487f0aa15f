"""Sidedoor side by side with stock Rasa, in one run."""

"""Sidedoor: an anonymous self-referral assistant for doctors in training."""

from bot.privacy.rasas_command import guard_rasas_command

guard_rasas_command()  # whichever part of ours Rasa's own command line loads first

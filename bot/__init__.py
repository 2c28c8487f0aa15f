"""Sidedoor: an anonymous self-referral assistant for doctors in training."""

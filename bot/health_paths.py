"""Paths at which a process of the assistant tells its health; a proxy does not pass them on."""

LIVE, READY = "/health/live", "/health/ready"
"""Whether its event loop turns and it recognises a word, and whether it can answer somebody now."""

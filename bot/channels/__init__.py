"""Who speaks, as a pseudonym; nothing else knows."""

"""The chat page and its embedding, in a real browser with the real program."""

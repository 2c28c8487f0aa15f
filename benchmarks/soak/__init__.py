"""A deployment under half of its load for half an hour: memory, and errors."""

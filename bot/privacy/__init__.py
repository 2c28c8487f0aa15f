"""Pseudonyms, lifetimes, forgetting, and logs without content."""

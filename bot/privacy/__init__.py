"""Pseudonyms and logs without content."""

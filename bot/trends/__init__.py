"""Trends about nobody: marks, disclosure control and signed releases."""

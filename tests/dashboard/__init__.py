"""Tests of the staff dashboard."""

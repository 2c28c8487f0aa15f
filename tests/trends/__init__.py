"""Tests of the trends, on real databases."""

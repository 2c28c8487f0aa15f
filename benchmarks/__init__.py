"""Measurements that need no network."""

"""Measurements that are not tests: they depend on the machine."""

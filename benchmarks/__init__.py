"""Measurements that anyone can run again; none is a test, and none needs a network."""

"""Measurements that anyone can run again; none is a test."""

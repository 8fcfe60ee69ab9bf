"""Conformance: what a hub answers to a builder, and what a worker does to a hub. See conftest.py."""

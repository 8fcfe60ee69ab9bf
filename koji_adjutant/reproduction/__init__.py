"""Doing a finished build once more: what it takes, and whether the same packages come out."""

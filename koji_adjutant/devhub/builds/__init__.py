"""Builds, their packages and archives, signatures and buildroots."""

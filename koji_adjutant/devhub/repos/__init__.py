"""Repos of tags, and dist repos."""

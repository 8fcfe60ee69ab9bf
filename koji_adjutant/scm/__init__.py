"""Checking source out of git, svn and cvs, in a container."""

"""Passwords in URLs of repositories, kept out of what people read."""

from __future__ import annotations

import re

MASK = b"***"
_PASSWORD = re.compile(rb"(?<=://)([^/?#@:\s]*):[^/?#\s]*@")


def hidden(text: bytes) -> bytes:
    """Return text with the mask in place of each password: ``https://me:***@host/``."""
    return _PASSWORD.sub(rb"\1:" + MASK + b"@", text)

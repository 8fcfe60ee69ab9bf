"""Passwords, hashed with scrypt. (A real hub of this generation compares plain text in its database.)"""

from __future__ import annotations

import hashlib
import hmac
import secrets

COST = 2**12
"""scrypt's N: some 10 ms a login, so that a test with many sessions does not wait for it."""


def hash_password(password: str) -> str:
    """Hash a password as the database keeps it: ``scrypt$<cost>$<salt>$<hash>``."""
    salt = secrets.token_bytes(16)
    return f"scrypt${COST}${salt.hex()}${_scrypt(password, salt, COST).hex()}"


def check_password(password: str, stored: str | None) -> bool:
    """Check a password against the stored one; takes as long for a user without a password as for others."""
    if stored is None:
        _scrypt(password, bytes(16), COST)
        return False
    _, cost, salt, expected = stored.split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(cost))
    return hmac.compare_digest(found, bytes.fromhex(expected))


def _scrypt(password: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogateescape"), salt=salt, n=cost, r=8, p=1, dklen=32)

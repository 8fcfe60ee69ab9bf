"""Keys that sign, in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


def write_keys(place: Path, key: Any, name: str = "key", password: bytes | None = None) -> tuple[Path, Path]:
    """The private and the public key, as ``<name>.pem`` and ``<name>.pub``."""
    private, public = place / f"{name}.pem", place / f"{name}.pub"
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public

"""Signed provenance: a DSSE envelope (github.com/secure-systems-lab/dsse) around an in-toto Statement.

Keys are PEM files: Ed25519, elliptic curves (ECDSA) or RSA (PKCS #1 v1.5), as cosign has them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from koji_adjutant.errors import ProvenanceError

PAYLOAD_TYPE = "application/vnd.in-toto+json"

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True)
class Signer:
    """Signs with the operator's private key; made by ``read_signer``."""

    key: PrivateKey

    @property
    def key_id(self) -> str:
        return key_id(self.key.public_key())

    def envelope(self, payload: bytes) -> dict[str, Any]:
        """Return an envelope that has ``payload``, signed, in it."""
        signature = _sign(self.key, _pre_authentication_encoding(PAYLOAD_TYPE, payload))
        return {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": self.key_id, "sig": base64.b64encode(signature).decode()}],
        }


def read_signer(path: Path) -> Signer:
    """Read a private key without a password from a PEM file. ProvenanceError says what is wrong with it."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as problem:
        raise ProvenanceError(f"the private key {path} cannot be read: {problem.strerror}") from problem
    except TypeError:
        raise ProvenanceError(f"the private key {path} has a password; one without is needed") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ProvenanceError(f"{path} is no private key in PEM") from None
    if not isinstance(key, PrivateKey):
        raise ProvenanceError(f"{path} is a key of a kind that is not used here: {_KINDS}")
    return Signer(key)


def read_public_key(path: Path) -> PublicKey:
    """Read a public key from a PEM file. ProvenanceError says what is wrong with it."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as problem:
        raise ProvenanceError(f"the public key {path} cannot be read: {problem.strerror}") from problem
    except (ValueError, UnsupportedAlgorithm):
        raise ProvenanceError(f"{path} is no public key in PEM") from None
    if not isinstance(key, PublicKey):
        raise ProvenanceError(f"{path} is a key of a kind that is not used here: {_KINDS}")
    return key


_KINDS = "Ed25519, an elliptic curve or RSA is needed"


def key_id(key: PublicKey) -> str:
    """Return what an envelope calls a key: the sha256 of its DER form, in hex."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def signed_payload(envelope: dict[str, Any], keys: Sequence[PublicKey]) -> bytes:
    """Return what the envelope has in it if one of the keys has signed it.

    Raises ProvenanceError if none has, or if it is no envelope of a Statement. What its ``keyid`` says is
    not relied on.
    """
    try:
        kind = envelope["payloadType"]
        payload = _decoded(envelope["payload"])
        signatures = [_decoded(each["sig"]) for each in envelope["signatures"]]
    except (LookupError, TypeError, AttributeError, ValueError):
        raise ProvenanceError("it is no DSSE envelope") from None
    if kind != PAYLOAD_TYPE:
        raise ProvenanceError(f"what it has in it is {kind!r}, and no in-toto Statement")
    message = _pre_authentication_encoding(kind, payload)
    if not any(_is_signed(key, signature, message) for key in keys for signature in signatures):
        raise ProvenanceError("none of the given keys has signed it, or it was changed afterwards")
    return payload


def _decoded(text: str) -> bytes:
    """Decode base64, or its variant for URLs: DSSE allows both."""
    return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)


def _pre_authentication_encoding(kind: str, payload: bytes) -> bytes:
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def _hash_of(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> hashes.HashAlgorithm:
    size = key.curve.key_size
    return hashes.SHA256() if size <= 256 else hashes.SHA384() if size <= 384 else hashes.SHA512()


def _sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(_hash_of(key)))
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def _is_signed(key: PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(_hash_of(key)))
        else:
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True

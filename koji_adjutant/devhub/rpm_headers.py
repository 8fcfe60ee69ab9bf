"""What the hub reads from an RPM file: who it is, and its signature header."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.errors import SourceError
from koji_adjutant.rpmheader import RpmHeader, Tag

SIGMD5, SIG_SHA256 = koji.RPM_SIGTAG_MD5, koji.RPM_SIGTAG_SHA256
SIGNATURES = (koji.RPM_SIGTAG_GPG, koji.RPM_SIGTAG_PGP, koji.RPM_SIGTAG_DSA, koji.RPM_SIGTAG_RSA)


@dataclass(frozen=True)
class RpmIdentity:
    """Identity of an RPM file, as it says itself."""

    name: str
    version: str
    release: str
    epoch: int | None
    arch: str
    buildtime: int
    is_source: bool
    sourcerpm: str | None
    payloadhash: str
    signature_header: bytes
    sigkey: str

    @property
    def file_name(self) -> str:
        """What a file with this header must be called."""
        return f"{self.name}-{self.version}-{self.release}.{self.arch}.rpm"


def read_identity(path: Path) -> RpmIdentity:
    """Read an RPM file. Raises GenericError if it is none."""
    try:
        return _read(RpmHeader(path))
    except SourceError as problem:
        raise koji.GenericError(str(problem)) from problem


def _read(header: RpmHeader) -> RpmIdentity:
    signature_bytes = koji.rip_rpm_sighdr(str(header.path))
    signatures = koji.RawHeader(signature_bytes)
    # A source package has SOURCEPACKAGE; very old ones only lack SOURCERPM.
    is_source = header.is_source or header.text(Tag.SOURCERPM) is None
    return RpmIdentity(
        name=header.text(Tag.NAME) or "",
        version=header.text(Tag.VERSION) or "",
        release=header.text(Tag.RELEASE) or "",
        epoch=header.number(Tag.EPOCH),
        arch="src" if is_source else header.text(Tag.ARCH) or "",
        buildtime=header.number(Tag.BUILDTIME) or 0,
        is_source=is_source,
        sourcerpm=header.text(Tag.SOURCERPM),
        payloadhash=_identity(signatures, header.path),
        signature_header=signature_bytes,
        sigkey=key_id(signatures),
    )


def _identity(signatures: Any, path: Path) -> str:
    """The MD5 that rpm calls SIGMD5; rpm 6 packages have only a SHA-256, which koji writes with a label."""
    md5, sha256 = signatures.get(SIGMD5), signatures.get(SIG_SHA256)
    if md5:
        return str(koji.hex_string(md5))
    if sha256:
        return f"sha256::{sha256.decode()}"
    raise koji.GenericError(f"no digest in the signature header of {path}")


def key_id(signatures: Any) -> str:
    """The id of the key that signed the package; '' for an unsigned one."""
    for tag in SIGNATURES:
        packet = signatures.get(tag)
        if packet:
            return str(koji.get_sigpacket_key_id(packet))
    return ""

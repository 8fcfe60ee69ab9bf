"""What the hub reads from an RPM file: who it is, and its signature header."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import koji

from koji_adjutant.errors import SourceError
from koji_adjutant.rpm.header import RpmHeader, Tag, identity, signature_header


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
    signature_bytes = signature_header(header.path)
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
        payloadhash=identity_of(signature_bytes),
        signature_header=signature_bytes,
        sigkey=koji.get_sighdr_key(signature_bytes) or "",
    )


def identity_of(signature_bytes: bytes) -> str:
    """Read from a signature header what the hub knows a package by. Raises GenericError if it has no such
    thing."""
    try:
        known_by = identity(signature_bytes)
    except SourceError as problem:
        raise koji.GenericError(str(problem)) from problem
    if known_by is None:
        raise koji.GenericError("no digest in the signature header")
    return known_by

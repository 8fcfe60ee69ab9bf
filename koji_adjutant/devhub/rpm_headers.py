"""What the hub reads from an RPM file, in pure Python (koji.RawHeader): devhub needs no rpm bindings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import koji

SIGMD5, SIG_SHA256 = koji.RPM_SIGTAG_MD5, koji.RPM_SIGTAG_SHA256
SIGNATURES = (koji.RPM_SIGTAG_GPG, koji.RPM_SIGTAG_PGP, koji.RPM_SIGTAG_DSA, koji.RPM_SIGTAG_RSA)

NAME, VERSION, RELEASE, EPOCH, BUILDTIME, ARCH, SOURCERPM, SOURCEPACKAGE = (
    1000, 1001, 1002, 1003, 1006, 1022, 1044, 1106,
)  # fmt: skip


@dataclass(frozen=True)
class RpmHeader:
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


def main_header(path: Path) -> Any:
    """The main header (koji.RawHeader). Raises GenericError if the file is no RPM."""
    return koji.RawHeader(koji.rip_rpm_hdr(str(path)))


def text(header: Any, tag: int) -> str | None:
    """A string tag, or None; of a translated one the untranslated text."""
    value = header.get(tag)
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value is None else value.decode("utf-8", "surrogateescape")


def number(header: Any, tag: int) -> int | None:
    """An integer tag, or None."""
    value = header.get(tag)
    return int(value[0]) if value else None


def read_header(path: Path) -> RpmHeader:
    """Read an RPM file. Raises GenericError if it is none."""
    signature_bytes = koji.rip_rpm_sighdr(str(path))
    header, signatures = main_header(path), koji.RawHeader(signature_bytes)
    # A source package has SOURCEPACKAGE; very old ones only lack SOURCERPM.
    is_source = number(header, SOURCEPACKAGE) == 1 or text(header, SOURCERPM) is None
    return RpmHeader(
        name=text(header, NAME) or "",
        version=text(header, VERSION) or "",
        release=text(header, RELEASE) or "",
        epoch=number(header, EPOCH),
        arch="src" if is_source else text(header, ARCH) or "",
        buildtime=number(header, BUILDTIME) or 0,
        is_source=is_source,
        sourcerpm=text(header, SOURCERPM),
        payloadhash=_identity(signatures, path),
        signature_header=signature_bytes,
        sigkey=_key_id(signatures),
    )


def _identity(signatures: Any, path: Path) -> str:
    """The MD5 that rpm calls SIGMD5; rpm 6 packages have only a SHA-256, which koji writes with a label."""
    md5, sha256 = signatures.get(SIGMD5), signatures.get(SIG_SHA256)
    if md5:
        return str(koji.hex_string(md5))
    if sha256:
        return f"sha256::{sha256.decode()}"
    raise koji.GenericError(f"no digest in the signature header of {path}")


def _key_id(signatures: Any) -> str:
    """The id of the key that signed the package; '' for an unsigned one."""
    for tag in SIGNATURES:
        packet = signatures.get(tag)
        if packet:
            return str(koji.get_sigpacket_key_id(packet))
    return ""

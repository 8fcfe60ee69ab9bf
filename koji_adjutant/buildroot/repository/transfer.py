"""Getting a file whose checksum is known, from a directory or by HTTP: complete and right, or not at all."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from koji_adjutant.buildroot.repository.attempts import Report, from_mirrors
from koji_adjutant.buildroot.repository.download import FileMissingError, PassingError, download
from koji_adjutant.errors import BuildrootError

logger = logging.getLogger("koji_adjutant.buildroot")

_HASHES = {"sha": "sha1"}
"""Old createrepo's names where hashlib has another."""


@dataclass(frozen=True)
class Checksum:
    """``kind`` is repository metadata's: sha256, sha512, sha1, sha (sha1) or md5."""

    kind: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Checksum:
        """Read ``kind:value``. Raises BuildrootError for what no file name may be made of."""
        kind, _, value = text.partition(":")
        if not kind.isalnum() or not value.isalnum():
            raise BuildrootError(f"{text!r} is no checksum")
        return cls(kind, value)

    @property
    def algorithm(self) -> str:
        """Its name everywhere but in old repository metadata."""
        return _HASHES.get(self.kind, self.kind)

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    def fits(self, path: Path) -> bool:
        """Return whether the file has this checksum. Raises BuildrootError if nobody here can compute it."""
        with path.open("rb") as file:
            return self.is_of(file)

    def is_of(self, file: io.BufferedReader | io.BytesIO) -> bool:
        """Return whether what is left to read of a file has this checksum. Raises as ``fits``."""
        try:
            return hashlib.file_digest(file, self.algorithm).hexdigest() == self.value
        except ValueError:
            raise BuildrootError(f"this machine cannot compute {self.kind} checksums") from None


@dataclass(frozen=True)
class Expected:
    """What a file has to be: its checksum, and the most bytes that it may have."""

    checksum: Checksum
    size: int


def fetch(
    locations: Sequence[str],
    target: Path,
    expected: Expected,
    *,
    proxy: str | None = None,
    report: Report = logger.warning,
) -> None:
    """Write what is at the first of ``locations`` that has it (paths, or file, http or https URLs).

    What may be over in a moment is tried again, and goes on where it was broken off; so does what ``target``
    already has of it. Raises FileMissingError if there is nothing, BuildrootError if it is not available or
    is not what it should be.
    """

    def get(location: str) -> None:
        parts = urlsplit(location)
        if parts.scheme in {"", "file"}:
            _copy(Path(unquote(parts.path) if parts.scheme else location), target)
        else:
            with target.open("ab") as file:
                download(location, file, expected.size, proxy)
        if not expected.checksum.fits(target):
            os.truncate(target, 0)
            message = (
                f"{location} is not what the repository's metadata says: its {expected.checksum} is another"
            )
            raise PassingError(message) if parts.scheme.startswith("http") else BuildrootError(message)

    from_mirrors(locations, get, report)


def _copy(source: Path, target: Path) -> None:
    if source.exists() and not source.is_file():  # a device would never end
        raise BuildrootError(f"{source} is no regular file")
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError as error:
        raise FileMissingError(f"there is no {source}") from error
    except OSError as error:
        raise BuildrootError(f"{source} cannot be copied: {error.strerror}") from error

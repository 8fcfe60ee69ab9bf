"""Getting a file whose checksum is known, from a directory or by HTTP: complete and right, or not at all."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import koji
import requests

from koji_adjutant.errors import BuildrootError

CHUNK = 1 << 20
TIMEOUT = (30, 300)
"""Seconds: for a connection, and for silence."""

_HASHES = {"sha": "sha1"}
"""Old createrepo's names where hashlib has another."""

_local = threading.local()


class FileMissingError(BuildrootError):
    """The server, or the directory, can be reached but does not have the file."""


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

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    def fits(self, path: Path) -> bool:
        """Return whether the file has this checksum. Raises BuildrootError if nobody here can compute it."""
        with path.open("rb") as file:
            try:
                return hashlib.file_digest(file, _HASHES.get(self.kind, self.kind)).hexdigest() == self.value
            except ValueError:
                raise BuildrootError(f"this machine cannot compute {self.kind} checksums") from None


def fetch(location: str, target: Path, checksum: Checksum, proxy: str | None = None) -> None:
    """Write what is at ``location`` (a path, or a file, http or https URL) to ``target``, and check it.

    Raises FileMissingError if there is nothing, BuildrootError if it is not available or is not what it
    should be.
    """
    parts = urlsplit(location)
    if parts.scheme in {"", "file"}:
        _copy(Path(unquote(parts.path) if parts.scheme else location), target)
    else:
        with target.open("wb") as file:
            _download(location, file, {"http": proxy, "https": proxy} if proxy else None)
    if not checksum.fits(target):
        raise BuildrootError(
            f"{location} is not what the repository's metadata says: its {checksum} is another"
        )


def _copy(source: Path, target: Path) -> None:
    if source.exists() and not source.is_file():  # a device would never end
        raise BuildrootError(f"{source} is no regular file")
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError as error:
        raise FileMissingError(f"there is no {source}") from error
    except OSError as error:
        raise BuildrootError(f"{source} cannot be copied: {error.strerror}") from error


def _download(url: str, file: BinaryIO, proxies: MutableMapping[str, str] | None) -> None:
    try:
        with _session().get(url, proxies=proxies, timeout=TIMEOUT, stream=True) as answer:
            if answer.status_code == requests.codes.not_found:
                raise FileMissingError(f"there is no {url}")
            if not answer.ok:
                raise BuildrootError(f"{url} cannot be read: {answer.status_code} {answer.reason}")
            file.writelines(answer.iter_content(CHUNK))
    except requests.RequestException as error:
        raise BuildrootError(f"{url} cannot be downloaded: {error}") from error


def _session() -> requests.Session:
    """Return this thread's session, so that connections are used again."""
    if not hasattr(_local, "session"):
        _local.session = koji.request_with_retry(retries=5)
    session: requests.Session = _local.session
    return session

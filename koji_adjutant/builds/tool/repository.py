"""Reading a repository's metadata: that it is whole, and which packages it has.

Anybody may have made it: it is checked against its checksum, and then read piece by piece.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree import ElementTree
from xml.parsers import expat

TIMEOUT = 300
"""Seconds of silence from a server."""

CHUNK = 1 << 18
REPOMD_MAX = 16 << 20
OPEN_MAX = 4 << 30
"""Bytes: of a repomd.xml, and of a primary that is not compressed any more."""

_REPO = "{http://linux.duke.edu/metadata/repo}"
_HASHES = {"sha": "sha1"}
_DECOMPRESSORS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
"""By the first bytes; all of them can ``-dc``."""


class UnreadableError(Exception):
    """The repository cannot be read, or only a part of it."""


@dataclass(frozen=True)
class RepomdRecord:
    """One kind of metadata, from repomd.xml; ``checksum`` is its kind and its value."""

    location: str
    checksum: tuple[str, str]


@dataclass
class Package:
    """What of a package decides whether it is merged."""

    name: str = ""
    arch: str = ""
    version: str = ""
    release: str = ""
    sourcerpm: str = ""
    checksum: str = ""

    @property
    def nvra(self) -> str:
        return f"{self.name}-{self.version}-{self.release}.{self.arch}"


@dataclass(frozen=True)
class RepositoryContents:
    """The packages of a repository; ``url`` is a directory's or a server's."""

    url: str
    packages: Sequence[Package]


def read_repository(url: str, index: bytes, workdir: Path) -> RepositoryContents:
    """Read all packages of a repository with this repomd.xml. Raises UnreadableError unless it is whole."""
    primary = records(index, url).get("primary")
    if primary is None:
        raise UnreadableError("its repomd.xml names no primary metadata")
    copy = workdir / "primary"
    try:
        _fetch(primary, copy)
        return RepositoryContents(url, read_primary(copy))
    finally:
        copy.unlink(missing_ok=True)


def read_index(url: str) -> bytes:
    """Return a repository's repomd.xml. Raises UnreadableError if it cannot be read, or is too long."""
    location = f"{url.rstrip('/')}/repodata/repomd.xml"
    with _opened(location) as file:
        data = file.read(REPOMD_MAX + 1)
    if len(data) > REPOMD_MAX:
        raise UnreadableError(f"{location} is longer than {REPOMD_MAX} bytes")
    return data


def records(index: bytes, url: str) -> dict[str, RepomdRecord]:
    """Return what a repomd.xml names, by kind. Raises UnreadableError if it is damaged."""
    try:
        found = ElementTree.fromstring(index).findall(f"{_REPO}data")  # noqa: S314 - in a container, and short
        return {data.get("type", ""): _record(data, url) for data in found}
    except (ElementTree.ParseError, AttributeError, TypeError, ValueError) as error:
        raise UnreadableError(f"its repomd.xml is damaged: {error}") from error


def _record(data: Any, url: str) -> RepomdRecord:
    location, checksum = data.find(f"{_REPO}location"), data.find(f"{_REPO}checksum")
    base = location.get("{http://www.w3.org/XML/1998/namespace}base") or url
    return RepomdRecord(
        f"{base.rstrip('/')}/{location.get('href')}",
        (checksum.get("type", ""), (checksum.text or "").strip()),
    )


def read_primary(path: Path) -> list[Package]:
    """Return the packages of a primary.xml, compressed or not. Raises UnreadableError if it is damaged."""
    reader = _PrimaryReader()
    left = OPEN_MAX
    with decompressed(path) as file:
        while chunk := file.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise UnreadableError(f"its primary is longer than {OPEN_MAX} bytes")
            reader.feed(chunk)
    return reader.finish()


@contextmanager
def decompressed(path: Path) -> Iterator[BinaryIO]:
    """Open a file that may be compressed, to read what is in it.

    Raises UnreadableError at the end of the block if it could not be decompressed to its end.
    """
    with path.open("rb", buffering=0) as file:  # or the program would start where a buffer ends
        start = file.read(6)
        file.seek(0)
        program = next((name for magic, name in _DECOMPRESSORS.items() if start.startswith(magic)), None)
        if program is None:
            yield cast("BinaryIO", file)
            return
        command = [program, "-dc"]
        with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            stdout, stderr = cast("BinaryIO", process.stdout), cast("BinaryIO", process.stderr)
            try:
                yield stdout
            except BaseException:
                process.kill()
                raise
            said = stderr.read(CHUNK).decode("utf-8", "replace").strip()
            if process.wait() != 0:
                raise UnreadableError(f"its primary cannot be decompressed: {said}")


def _fetch(record: RepomdRecord, target: Path) -> None:
    """Copy a file of metadata to ``target``. Raises UnreadableError if it is not what its checksum says."""
    kind, expected = record.checksum
    try:
        digest = hashlib.new(_HASHES.get(kind, kind), usedforsecurity=False)
    except ValueError as error:
        raise UnreadableError(f"nobody here can compute {kind} checksums") from error
    with _opened(record.location) as source, target.open("wb") as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != expected:
        raise UnreadableError(f"{record.location} is not what repomd.xml says: its {kind} is another")


@contextmanager
def _opened(location: str) -> Iterator[BinaryIO]:
    """Open a file of this machine or of a server. Raises UnreadableError for whatever goes wrong."""
    parts = urlsplit(location)
    try:
        if parts.scheme in {"", "file"}:
            path = Path(location.removeprefix("file://"))  # as mergerepo_c takes it
            if path.exists() and not path.is_file():  # a device would never end
                raise UnreadableError(f"{location} is no regular file")
            with path.open("rb") as file:
                yield file
        elif parts.scheme in {"http", "https", "ftp"}:
            with urllib.request.urlopen(_request(location), timeout=TIMEOUT) as answer:  # noqa: S310 - see above
                yield answer
        else:
            raise UnreadableError(f"{location} is neither a directory's URL nor a server's")
    except urllib.error.HTTPError as error:
        error.close()  # it is the server's answer as well
        raise UnreadableError(f"{location}: {error.code} {error.reason}") from error
    except (OSError, ValueError, HTTPException) as error:  # urllib's own are OSErrors
        raise UnreadableError(f"{location}: {getattr(error, 'reason', None) or error}") from error


def _request(location: str) -> urllib.request.Request:
    """Return a request that has the URL's user and password in a header.

    urllib would take them for the host's name.
    """
    parts = urlsplit(location)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at or parts.scheme == "ftp":
        return urllib.request.Request(location)  # noqa: S310 - see where it is called
    request = urllib.request.Request(parts._replace(netloc=host).geturl())  # noqa: S310
    token = base64.b64encode(unquote_to_bytes(userinfo)).decode()
    request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


class _PrimaryReader:
    """Packages from the XML, as mergerepo_c finds them."""

    TEXTS = {"name": "name", "arch": "arch", "checksum": "checksum", "rpm:sourcerpm": "sourcerpm"}  # noqa: RUF012
    PASSED_OVER = {  # noqa: RUF012
        *(f"rpm:{what}" for what in ("provides", "requires", "conflicts", "obsoletes", "suggests")),
        *(f"rpm:{what}" for what in ("enhances", "recommends", "supplements")),
        "summary",
        "description",
    }
    """Most of a primary, and nothing in it is for us: no Python is run for what they contain but its ends."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._packages: list[Package] = []
        self._declared: int | None = None
        self._package: Package | None = None
        self._text: list[str] = []
        self._passing_over = ""
        self._read()

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.Parse(chunk)
        except expat.ExpatError as error:
            raise UnreadableError(f"its primary is no valid XML: {error}") from error

    def finish(self) -> list[Package]:
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise UnreadableError(f"its primary is no valid XML: {error}") from error
        if self._declared is not None and len(self._packages) < self._declared:
            raise UnreadableError(
                f"its primary says that it has {self._declared} packages, and has {len(self._packages)}"
            )
        return self._packages

    def _read(self) -> None:
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in self.PASSED_OVER:
            self._passing_over = name
            self._parser.StartElementHandler, self._parser.EndElementHandler = None, self._pass_over
        elif name in self.TEXTS:
            self._text = []
            self._parser.CharacterDataHandler = self._text.append
        elif name == "package":
            self._package = Package() if attributes.get("type") == "rpm" else None
        elif name == "version" and self._package:
            self._package.version = attributes.get("ver", "")
            self._package.release = attributes.get("rel", "")
        elif name == "metadata":
            declared = attributes.get("packages", "")
            self._declared = int(declared) if declared.isdecimal() else None

    def _end(self, name: str) -> None:
        if name in self.TEXTS:
            self._parser.CharacterDataHandler = None
            if self._package:
                setattr(self._package, self.TEXTS[name], "".join(self._text))
        elif name == "package" and self._package:
            self._packages.append(self._package)
            self._package = None

    def _pass_over(self, name: str) -> None:
        if name == self._passing_over:
            self._read()

    def _refuse(self, *_: Any) -> None:
        raise UnreadableError("its primary has a document type declaration")

"""Files of a repository that we read ourselves: from a directory, or by HTTP."""

from __future__ import annotations

import copy
import io
import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from koji_adjutant.buildroot.repository.attempts import Report, from_mirrors
from koji_adjutant.buildroot.repository.compressed import decompress
from koji_adjutant.buildroot.repository.download import FileMissingError, PassingError, read_url
from koji_adjutant.buildroot.repository.locations import joined
from koji_adjutant.buildroot.repository.transfer import Checksum
from koji_adjutant.errors import BuildrootError

logger = logging.getLogger("koji_adjutant.buildroot")

LIMIT = 512 << 20
"""Bytes of a file that is read into memory."""
REPOMD = "repodata/repomd.xml"
REPOMD_LIMIT = 4 << 20
"""Bytes of a repomd.xml, of which a distribution's has some thousands."""

_REPO = "{http://linux.duke.edu/metadata/repo}"


class RepoFiles:
    """One repository: the directory, or its http(s) or file URL, that has ``repodata`` in it."""

    def __init__(self, location: str | Path, proxy: str | None = None) -> None:
        self.location = str(location).rstrip("/")
        self._proxy = proxy

    def read(self, name: str, limit: int = LIMIT) -> bytes:
        """Read a file by its path inside the repository.

        Raises FileMissingError if it is not there, BuildrootError if the repository cannot be reached.
        """
        return from_mirrors([self.location], lambda _location: self._read(name, limit))[1]

    def repomd(self) -> RepoIndex:
        """Read what the repository says it contains.

        Raises what ``read`` raises, and BuildrootError for what is not XML.
        """
        return from_mirrors([self.location], lambda _location: self._repomd())[1]

    def _repomd(self, checksums: Sequence[Checksum] = ()) -> RepoIndex:
        # some servers pack it on the way, whatever was asked for
        text = decompress(self._read(REPOMD, REPOMD_LIMIT), REPOMD_LIMIT)
        if checksums and not any(checksum.is_of(io.BytesIO(text)) for checksum in checksums):
            raise BuildrootError(f"{self.location}/{REPOMD} is none of those that the metalink names")
        try:
            return RepoIndex(ElementTree.fromstring(text))  # noqa: S314
        except ElementTree.ParseError as error:
            said = f"{self.location}/{REPOMD} is not valid XML: {error}"
            raise (BuildrootError if self._directory else PassingError)(said) from error

    @property
    def _directory(self) -> Path | None:
        parts = urlsplit(self.location)
        return Path(unquote(parts.path)) if parts.scheme in {"", "file"} else None

    def _read(self, name: str, limit: int) -> bytes:
        if self._directory:
            return self._read_local(self._directory / name, limit)
        try:
            return read_url(joined(self.location, name), limit, self._proxy)
        except FileMissingError as error:
            raise FileMissingError(f"repository {self.location} has no {name}") from error

    def _read_local(self, path: Path, limit: int) -> bytes:
        try:
            if path.exists() and not path.is_file():  # a pipe is waited for, and a device never ends
                raise BuildrootError(f"repository file {path} is no regular file")
            with path.open("rb") as file:
                content = file.read(limit + 1)
        except FileNotFoundError as error:
            raise FileMissingError(f"repository {self.location} has no {path.name}") from error
        except OSError as error:
            raise BuildrootError(f"repository file {path} cannot be read: {error.strerror}") from error
        if len(content) > limit:
            raise BuildrootError(f"repository file {path} has more than the {limit} bytes that it may have")
        return content


def first_index(
    mirrors: Sequence[str],
    proxy: str | None = None,
    report: Report = logger.warning,
    checksums: Sequence[Checksum] = (),
) -> tuple[str, RepoIndex]:
    """Return the first mirror that answers, as dnf takes it, and what it says the repository contains.

    Where there are ``checksums``, its repomd.xml has one of them. Raises BuildrootError if no mirror does.
    """
    return from_mirrors(mirrors, lambda url: RepoFiles(url, proxy)._repomd(checksums), report)


class RepoIndex:
    """A parsed ``repomd.xml``."""

    def __init__(self, root: ElementTree.Element) -> None:
        self._root = root
        self._data = {data.get("type", ""): data for data in root.iter(f"{_REPO}data")}

    def href(self, kind: str) -> str | None:
        """Return where metadata of a kind (primary, group, origin, …) lies in the repository.

        None if there is no such metadata. Raises BuildrootError if that is not below the repository.
        """
        location = self._data[kind].find(f"{_REPO}location") if kind in self._data else None
        href = None if location is None else location.get("href")
        if href is not None and (href.startswith("/") or ".." in href.split("/") or "://" in href):
            raise BuildrootError(f"repomd.xml names a place outside of the repository: {href}")
        return href

    def checksum(self, kind: str) -> Checksum | None:
        """Return the checksum of a kind's file; None if there is no such metadata."""
        element = self._data[kind].find(f"{_REPO}checksum") if kind in self._data else None
        return None if element is None else Checksum.parse(f"{element.get('type', '')}:{element.text or ''}")

    def size(self, kind: str) -> int:
        """Return the bytes of a kind's file, or as many as it may have at most."""
        element = self._data[kind].find(f"{_REPO}size") if kind in self._data else None
        text = "" if element is None else element.text or ""
        return min(int(text), LIMIT) if text.isdecimal() else LIMIT

    def only(self, kinds: Collection[str]) -> bytes:
        """Make the ``repomd.xml`` of a repository that has nothing but these kinds."""
        index = copy.deepcopy(self._root)
        for data in index.findall(f"{_REPO}data"):
            if data.get("type") not in kinds:
                index.remove(data)
        ElementTree.register_namespace("", _REPO.strip("{}"))
        text: bytes = ElementTree.tostring(index, encoding="utf-8", xml_declaration=True)
        return text

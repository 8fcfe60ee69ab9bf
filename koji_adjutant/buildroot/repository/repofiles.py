"""Files of a repository that we read ourselves: from a directory, or by HTTP."""

from __future__ import annotations

import copy
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import koji
import requests

from koji_adjutant.buildroot.repository.transfer import Checksum, FileMissingError
from koji_adjutant.errors import BuildrootError

_REPO = "{http://linux.duke.edu/metadata/repo}"


class RepoFiles:
    """One repository: the directory, or its http(s) or file URL, that has ``repodata`` in it."""

    def __init__(self, location: str | Path, proxy: str | None = None) -> None:
        self.location = str(location).rstrip("/")
        self._proxies = {"http": proxy, "https": proxy} if proxy else None

    def read(self, name: str) -> bytes:
        """Read a file by its path inside the repository.

        Raises FileMissingError if it is not there, BuildrootError if the repository cannot be reached.
        """
        parts = urlsplit(self.location)
        if parts.scheme in {"", "file"}:
            return self._read_local(Path(unquote(parts.path)) / name)
        url = f"{self.location}/{name}"
        try:
            answer = koji.request_with_retry().get(url, proxies=self._proxies, timeout=(30, 300))
        except requests.RequestException as error:
            raise BuildrootError(f"repository {self.location} cannot be reached: {error}") from error
        if answer.status_code == requests.codes.not_found:
            raise FileMissingError(f"repository {self.location} has no {name}")
        if not answer.ok:
            raise BuildrootError(f"{url} cannot be read: {answer.status_code} {answer.reason}")
        return bytes(answer.content)

    def _read_local(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise FileMissingError(f"repository {self.location} has no {path.name}") from error
        except OSError as error:
            raise BuildrootError(f"repository file {path} cannot be read: {error.strerror}") from error

    def repomd(self) -> RepoIndex:
        """Read what the repository says it contains.

        Raises what ``read`` raises, and BuildrootError for what is not XML.
        """
        try:
            return RepoIndex(ElementTree.fromstring(self.read("repodata/repomd.xml")))  # noqa: S314
        except ElementTree.ParseError as error:
            raise BuildrootError(f"{self.location}/repodata/repomd.xml is not valid XML: {error}") from error


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
        return None if element is None else Checksum.parse(f"{element.get('type')}:{element.text}")

    def only(self, kinds: Collection[str]) -> bytes:
        """Make the ``repomd.xml`` of a repository that has nothing but these kinds."""
        index = copy.deepcopy(self._root)
        for data in index.findall(f"{_REPO}data"):
            if data.get("type") not in kinds:
                index.remove(data)
        ElementTree.register_namespace("", _REPO.strip("{}"))
        text: bytes = ElementTree.tostring(index, encoding="utf-8", xml_declaration=True)
        return text

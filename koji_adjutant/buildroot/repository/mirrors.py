"""Mirrors of a repository, as dnf's ``mirrorlist`` and ``metalink`` name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from koji_adjutant.buildroot.repository.attempts import from_mirrors
from koji_adjutant.buildroot.repository.download import read_url
from koji_adjutant.buildroot.repository.repofiles import REPOMD
from koji_adjutant.buildroot.repository.transfer import Checksum
from koji_adjutant.errors import BuildrootError

LIMIT = 4 << 20
"""Bytes of a list."""
MOST = 20
"""Mirrors that are used of one list; there may be hundreds."""
SCHEMES = ("https://", "http://")
STRONG = ("sha512", "sha256")
"""Of a metalink's checksums, those that say which file it is."""
_METALINK = "{http://www.metalinker.org/}"
_ALTERNATES = "{http://fedorahosted.org/mirrormanager}alternates"


@dataclass(frozen=True)
class Mirrors:
    """Addresses of the same repository, the preferred one first, and what its repomd.xml has to be.

    It is one of ``repomd``: newer ones first, as mirrors may be some hours behind. Empty: nothing says so.
    """

    urls: Sequence[str]
    repomd: Sequence[Checksum] = ()


def read_mirrorlist(url: str, arch: str) -> Mirrors:
    """Ask for a list of addresses, one a line; ``$basearch`` in them is ``arch``, as with dnf.

    Raises BuildrootError if it cannot be had, or names none.
    """
    lines = [line.strip() for line in _read(url).decode(errors="replace").splitlines()]
    urls = [line.replace("$basearch", arch).rstrip("/") for line in lines if line.startswith(SCHEMES)]
    return Mirrors(_some(urls, url))


def read_metalink(url: str) -> Mirrors:
    """Ask for a metalink of a repomd.xml. Raises BuildrootError if it cannot be had, or is none."""
    try:
        root = ElementTree.fromstring(_read(url))  # noqa: S314 - expat expands no external entities
    except ElementTree.ParseError as problem:
        raise BuildrootError(f"{url} is no metalink: {problem}") from problem
    file = root.find(f".//{_METALINK}file[@name='repomd.xml']")
    if file is None:
        raise BuildrootError(f"{url} is no metalink of a repository: it has no file repomd.xml")
    resources = sorted(file.iter(f"{_METALINK}url"), key=_preference, reverse=True)
    addresses = [(resource.text or "").strip() for resource in resources]
    end = f"/{REPOMD}"
    urls = [one.removesuffix(end) for one in addresses if one.startswith(SCHEMES) and one.endswith(end)]
    described = [file, *file.iterfind(f"{_ALTERNATES}/*")]
    checksums = [found for each in described if (found := _checksum(each))]
    if not checksums:
        raise BuildrootError(f"{url} does not say by {' or '.join(STRONG)} which repomd.xml it means")
    return Mirrors(_some(urls, url), tuple(checksums))


def _checksum(file: ElementTree.Element) -> Checksum | None:
    said = {one.get("type"): (one.text or "").strip() for one in file.findall(f"{_METALINK}verification/*")}
    return next((Checksum.parse(f"{kind}:{said[kind]}") for kind in STRONG if said.get(kind)), None)


def _preference(url: ElementTree.Element) -> int:
    text = url.get("preference", "")
    return int(text) if text.isdecimal() else 0


def _some(urls: Sequence[str], source: str) -> Sequence[str]:
    if not urls:
        raise BuildrootError(f"{source} names no mirror that can be reached by http or https")
    return tuple(dict.fromkeys(urls))[:MOST]


def _read(url: str) -> bytes:
    return from_mirrors([url], lambda location: read_url(location, LIMIT))[1]

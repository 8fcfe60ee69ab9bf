"""Groups of packages, as repositories' comps.xml has them.

Read here rather than by dnf, whose two versions read them differently (and dnf 4's library crashes with some
versions of Python). The rules are dnf 4's: what several repositories say of a group is merged, a later one's
word on a package counts; mandatory, default and conditional packages belong to an installation, optional
ones do not; an environment stands for its groups without the optional ones.
"""

from __future__ import annotations

import bz2
import fnmatch
import gzip
import importlib
import lzma
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

REPO = "{http://linux.duke.edu/metadata/repo}"
RECORDS = ("group_gz", "group")
"""Of repomd.xml; dnf takes the first one that is there."""

INSTALLED_TYPES = ("mandatory", "default", "conditional")


class CompsError(Exception):
    """A comps.xml that cannot be read."""


@dataclass(frozen=True)
class GroupPackage:
    """A package of a group; a conditional one ``requires`` that another one is installed."""

    name: str
    requires: str | None = None
    base_arch_only: bool = False


@dataclass
class _Group:
    """A group or an environment; ``members`` are packages by name (None: not to be installed), or groups."""

    names: set[str] = field(default_factory=set)
    members: dict[str, GroupPackage | None] = field(default_factory=dict)


class Comps:
    """What the repositories together have."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._environments: dict[str, _Group] = {}

    def add(self, document: bytes) -> None:
        """Merge a repository's comps.xml. Raises CompsError if it is none."""
        try:
            root = ElementTree.fromstring(document)  # noqa: S314 - in a container with nothing to lose
        except ElementTree.ParseError as error:
            raise CompsError(f"not valid XML: {error}") from error
        for element in root.findall("group"):
            packages = map(_package, element.iterfind("packagelist/packagereq"))
            _merge(self._groups, element, dict(packages))
        for element in root.findall("environment"):
            groups = (_text(group) for group in element.iterfind("grouplist/groupid"))
            _merge(self._environments, element, dict.fromkeys(groups))

    def packages(self, wanted: str) -> list[GroupPackage] | None:
        """Return what the groups and environments called ``wanted`` install; None if there are none.

        ``wanted`` is an id, a name or a pattern.
        """
        groups = _matching(self._groups, wanted)
        environments = _matching(self._environments, wanted)
        if not groups and not environments:
            return None
        members = [member for each in environments for member in self._environments[each].members]
        ids = dict.fromkeys([*groups, *(member for member in members if member in self._groups)])
        packages = (package for each in ids for package in self._groups[each].members.values())
        return list(dict.fromkeys(filter(None, packages)))


def _merge(
    groups: dict[str, _Group], element: ElementTree.Element, members: dict[str, GroupPackage | None]
) -> None:
    group = groups.setdefault(_text(element.find("id")), _Group())
    # translated names have a language
    group.names.update(_text(name) for name in element.findall("name") if not name.attrib)
    group.members.update(members)


def _package(element: ElementTree.Element) -> tuple[str, GroupPackage | None]:
    name = _text(element)
    if element.get("type", "mandatory") not in INSTALLED_TYPES:
        return name, None
    # libcomps counts the attribute, whatever it says
    return name, GroupPackage(name, element.get("requires") or None, "basearchonly" in element.attrib)


def _text(element: ElementTree.Element | None) -> str:
    return ((element.text if element is not None else None) or "").strip()


def _matching(groups: dict[str, _Group], wanted: str) -> list[str]:
    """Return the ids of what is called exactly so, else of what the pattern matches in any case."""
    called = {name: {name, *group.names} for name, group in groups.items()}
    exact = [name for name, words in called.items() if wanted in words]
    if exact:
        return exact
    matches = re.compile(fnmatch.translate(wanted), re.IGNORECASE).match
    return [name for name, words in called.items() if any(map(matches, words))]


def keep(repositories: Iterable[Path], directory: Path) -> None:
    """Unpack the comps.xml of each repository to ``directory``, named like the repository's own.

    Raises CompsError if that is impossible.
    """
    directory.mkdir()
    for repository in repositories:
        try:
            file = _comps_file(repository)
            if file is not None:
                (directory / repository.name).write_bytes(unpacked(file))
        except (OSError, ElementTree.ParseError, CompsError) as error:
            raise _unreadable(repository.name, error) from error


def kept(repositories: Iterable[str], directory: Path) -> Comps:
    """Read what ``keep`` put there, merged in the order of the repositories.

    Raises CompsError if one cannot be read.
    """
    comps = Comps()
    for repository in repositories:
        if (directory / repository).exists():
            try:
                comps.add((directory / repository).read_bytes())
            except CompsError as error:
                raise _unreadable(repository, error) from error
    return comps


def _unreadable(repository: str, reason: Exception) -> CompsError:
    return CompsError(f"the groups of repository {repository} cannot be read: {reason}")


def _comps_file(repository: Path) -> Path | None:
    index = ElementTree.parse(repository / "repodata" / "repomd.xml")  # noqa: S314
    for record in RECORDS:
        location = index.find(f"{REPO}data[@type='{record}']/{REPO}location")
        if location is not None:
            return repository / location.attrib["href"]
    return None


def unpacked(file: Path) -> bytes:
    """Return the content of a file that may be compressed in any way that createrepo_c knows.

    Raises CompsError if it is damaged, or if nothing here can unpack it.
    """
    content = file.read_bytes()
    for magic, unpack in _UNPACKERS.items():
        if content.startswith(magic):
            try:
                return unpack(content)
            except (OSError, EOFError, lzma.LZMAError, ValueError) as error:
                raise CompsError(f"{file.name} cannot be unpacked: {error}") from error
    return content


def _unzstd(content: bytes) -> bytes:
    """Decompress with Python ≥ 3.14 itself, else with the program."""
    try:
        zstd = importlib.import_module("compression.zstd")
    except ImportError:
        program = shutil.which("zstd")
        if program is None:
            raise CompsError("metadata is compressed with zstd, and the tool image has no zstd") from None
        done = subprocess.run([program, "-dcq"], input=content, capture_output=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr.decode(errors="replace").strip()) from None
        return done.stdout
    try:
        plain: bytes = zstd.decompress(content)
    except zstd.ZstdError as error:
        raise ValueError(str(error)) from error
    return plain


_UNPACKERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ\x00": lzma.decompress,
    b"\x28\xb5\x2f\xfd": _unzstd,
}

"""Newer programs for a tool image whose distribution has a createrepo_c before 1.0: those of this worker.

The package createrepo-c of PyPI, from which the worker reads RPMs, brings the programs and all libraries that
they need but the C library. The distribution's stay in /usr/bin: they make delta RPMs, which PyPI's do not.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath
from pathlib import Path, PurePosixPath

from koji_adjutant.images.recipe import ShowLine, ToolRoot

DIRECTORY = PurePosixPath("opt/createrepo_c")
PROGRAMS = ("createrepo_c", "mergerepo_c")
LINKS = PurePosixPath("usr/local/bin")
CERTIFICATES = PurePosixPath("etc/pki/tls/certs/ca-bundle.crt")
"""Where the libraries were built to look for certificates; Debian has them elsewhere."""
DEBIANS_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

_VERSION = re.compile(r"(createrepo[-_]c)=(?:\d+:)?(\d+)\..*")


@dataclass(frozen=True)
class OwnPrograms:
    """This worker's createrepo_c: files by their places in an image; ``inputs`` stand for their contents."""

    version: str
    files: Sequence[tuple[PurePosixPath, Path]]
    inputs: Sequence[str]


def own_programs() -> OwnPrograms | None:
    """Return this worker's programs, None if it has none.

    That is where its bindings for Python are a distribution's.
    """
    try:
        package = Distribution.from_name("createrepo-c")
    except PackageNotFoundError:
        return None
    files = sorted(path for path in package.files or () if _is_wanted(path))
    if not {path.name for path in files}.issuperset(PROGRAMS):
        return None
    places = [(DIRECTORY / path, Path(str(path.locate()))) for path in files]
    return OwnPrograms(
        package.version, places, [f"{path} {path.hash.value if path.hash else ''}" for path in files]
    )


def _is_wanted(path: PackagePath) -> bool:
    return path.parts[0] == "createrepo_c.libs" or (
        path.parts[:-1] == ("createrepo_c", "data", "bin") and path.name in PROGRAMS
    )


def with_new_createrepo(root: ToolRoot, own: OwnPrograms | None, show: ShowLine) -> ToolRoot:
    """Add this worker's createrepo_c to a root that has an old one. Returns the root, unchanged if not."""
    old = next((package for package in root.packages if _is_old(package)), None)
    if old is None:
        return root
    if own is None:
        show(
            f"the image has {old}, which cannot read external repositories with zstd metadata: "
            "`pip install createrepo-c` for this worker brings a newer one"
        )
        return root
    show(f"adding createrepo_c {own.version} to {old}")
    _append(root.tar, own)
    packages = [f"{each} and {own.version} of PyPI" if each == old else each for each in root.packages]
    return replace(root, packages=packages)


def _is_old(package: str) -> bool:
    match = _VERSION.fullmatch(package)
    return match is not None and int(match[2]) < 1


def _append(path: Path, own: OwnPrograms) -> None:
    with tarfile.open(path, "a:") as tar:
        present = {PurePosixPath(name) for name in tar.getnames()}
        links = {LINKS / name: f"/{DIRECTORY}/createrepo_c/data/bin/{name}" for name in PROGRAMS}
        if CERTIFICATES not in present:
            links[CERTIFICATES] = DEBIANS_CERTIFICATES
        added = [place for place, _ in own.files] + list(links)
        for directory in sorted(
            {parent for place in added for parent in place.parents if parent.name} - present
        ):
            tar.addfile(_member(directory, tarfile.DIRTYPE))
        for place, source in own.files:
            member = _member(place, tarfile.REGTYPE)
            member.size = source.stat().st_size
            with source.open("rb") as file:
                tar.addfile(member, file)
        for place, target in links.items():
            member = _member(place, tarfile.SYMTYPE)
            member.linkname = target
            tar.addfile(member)


def _member(place: PurePosixPath, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(f"./{place}")
    member.type, member.mode = kind, 0o755
    return member

"""Tiny RPMs, made by rpmbuild: real headers, next to nothing in them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hub.names import unique

SPEC = """\
Name: {name}
Version: {version}
Release: {release}
Summary: A package that holds nothing
License: MIT
{tags}

%description
Nothing.

{files}

%changelog
{changelog}
"""

DOC = """

%package doc
Summary: Nothing
BuildArch: noarch
{requires}

%description doc
Nothing.

%files doc
"""


@dataclass(frozen=True)
class Rpm:
    """An RPM file and what its header says."""

    path: Path
    name: str
    version: str
    release: str
    arch: str

    def listing(self, **changes: object) -> dict[str, Any]:
        """The entry of this RPM in a buildroot listing, as a builder sends it."""
        sigmd5, buildtime = query(self.path, "%{SIGMD5} %{BUILDTIME}").split()
        entry: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "release": self.release,
            "epoch": None,
            "arch": self.arch,
            "payloadhash": sigmd5,
            "size": self.path.stat().st_size,
            "buildtime": int(buildtime),
        }
        return entry | changes


@dataclass(frozen=True)
class RpmSet:
    """What one rpmbuild run made."""

    srpm: Rpm
    rpms: tuple[Rpm, ...]

    @property
    def rpm(self) -> Rpm:
        (rpm,) = self.rpms
        return rpm


def query(path: Path, what: str) -> str:
    """What rpm reads in a file's header, in its query format."""
    command = ["rpm", "-qp", "--nosignature", "--qf", what, str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check_digests(packages: Sequence[Path]) -> None:
    """Have rpm check the digests of whole packages. CalledProcessError if one does not fit."""
    command = ["rpmkeys", "--checksig", "--nosignature", *map(str, packages)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class RpmMaker:
    """Runs rpmbuild below one directory, a new subdirectory each time."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def make(
        self,
        name: str | None = None,
        *,
        version: str = "1",
        release: str = "1",
        arch: str = "x86_64",
        noarch_subpackage: bool = False,
        requires: str = "",
        changelog: str = "",
    ) -> RpmSet:
        """A source package and its binary package for ``arch`` (and a noarch one ``<name>-doc``)."""
        name = name or unique("pkg")
        requires = f"Requires: {requires}" if requires else ""
        tags, files = "AutoReqProv: no", "%files"
        if arch == "noarch":
            tags += "\nBuildArch: noarch"
        if not noarch_subpackage:
            tags += f"\n{requires}"
        if noarch_subpackage:
            files += DOC.format(requires=requires)
        top = self.directory / unique("rpmbuild")
        top.mkdir(parents=True)
        spec = top / f"{name}.spec"
        facts = {"name": name, "version": version, "release": release, "tags": tags, "files": files}
        spec.write_text(SPEC.format(**facts, changelog=changelog))
        macros = {
            "_topdir": str(top),
            "_dbpath": str(top / "db"),
            "debug_package": "%{nil}",
            "_rpmfilename": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
            "_build_id_links": "none",
            # Hubs before 1.36 take no build of format 6, and rpm >= 6 makes it unless told.
            "_rpmformat": "4",
        }
        defines = [word for key, value in macros.items() for word in ("--define", f"{key} {value}")]
        target = [] if arch == "noarch" else ["--target", arch]
        subprocess.run(
            ["rpmbuild", "-ba", "--nodeps", *target, *defines, spec], check=True, capture_output=True
        )
        binaries = [
            _rpm(path, arch="noarch" if path.name.endswith(".noarch.rpm") else arch)
            for path in sorted(top.glob("RPMS/**/*.rpm"))
        ]
        (source,) = top.glob("SRPMS/*.src.rpm")
        return RpmSet(_rpm(source, arch="src"), tuple(binaries))


def _rpm(path: Path, arch: str) -> Rpm:
    name, version, release = path.name.removesuffix(f".{arch}.rpm").rsplit("-", 2)
    return Rpm(path, name, version, release, arch)

"""What is installed in a root, as kojid reports it to the hub."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from koji_adjutant.errors import BuildrootError
from koji_adjutant.rpm.nevra import nevra

NOT_REPORTED = frozenset({"gpg-pubkey", "buildsys-build"})
"""Entries of the rpm database that are no packages of anybody's; kojid leaves them out."""

LISTING_BYTES = 64 << 20
"""Of installed.json: a hundred times what a large root needs."""

# it becomes a macro of the rpm that reads the database, and a macro is a program
_DBPATH = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")


@dataclass(frozen=True, order=True)
class InstalledPackage:
    """One entry of a root's rpm database.

    ``payloadhash`` is SIGMD5 in hex, or what koji.make_rpm_ident has in its place (``sha3-256::…``), ``size``
    in bytes, ``buildtime`` seconds since the epoch.

    ``license`` and ``signature``, in rpm's words who signed it, are "" where the package has none, and None
    in roots that were composed by a version that did not ask. They make no other package.
    """

    name: str
    version: str
    release: str
    epoch: int | None
    arch: str
    payloadhash: str
    size: int
    buildtime: int
    license: str | None = field(default=None, compare=False)
    signature: str | None = field(default=None, compare=False)

    @property
    def nvra(self) -> str:
        return f"{self.name}-{self.version}-{self.release}.{self.arch}"

    @property
    def nevra(self) -> str:
        """The NEVRA as rpm writes it: the epoch only if there is one."""
        return nevra(self.name, self.epoch, self.version, self.release, self.arch)

    def reported(self) -> dict[str, Any]:
        """Return what kojid tells the hub of a package, whose calls take nothing else."""
        return {key: value for key, value in asdict(self).items() if key not in ("license", "signature")}


@dataclass(frozen=True)
class Installed:
    """A root's rpm database: where it lies in the root, and what it lists, sorted."""

    dbpath: str
    packages: tuple[InstalledPackage, ...]

    @classmethod
    def load(cls, path: Path) -> Installed:
        """Read the installed.json that tool/transact.py writes, or a package's script in its place.

        Raises BuildrootError if it is not what it should be.
        """
        try:
            document = json.loads(plain_data(path))
            listed = [entry for entry in document["packages"] if entry["name"] not in NOT_REPORTED]
            packages = sorted(map(_package, listed), key=lambda package: package.nevra)
            dbpath = str(document["dbpath"])
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise BuildrootError(
                f"{path.name} of the installation is no list of packages: {error}"
            ) from error
        if not _DBPATH.fullmatch(dbpath):
            raise BuildrootError(f"a package puts the rpm database where none can be: {dbpath}")
        return cls(dbpath, tuple(packages))

    def save(self, path: Path) -> None:
        """Write the file that ``load`` reads."""
        packages = [asdict(package) for package in self.packages]
        path.write_text(json.dumps({"dbpath": self.dbpath, "packages": packages}))


def plain_data(path: Path) -> bytes:
    """Read a regular file. Raises BuildrootError for anything else that packages' scripts may have put there.

    They run as root next to it: a link would have us read the host's files, a pipe would have us wait.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BuildrootError(f"{path.name} of the installation cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BuildrootError(f"{path.name} of the installation is no regular file")
        data = file.read(LISTING_BYTES + 1)
    if len(data) > LISTING_BYTES:
        raise BuildrootError(f"{path.name} of the installation has more than {LISTING_BYTES >> 20} MiB")
    return data


def _package(entry: Mapping[str, Any]) -> InstalledPackage:
    """Read one entry. Raises ValueError for what could not be reported to the hub."""
    package = InstalledPackage(
        name=entry["name"],
        version=entry["version"],
        release=entry["release"],
        epoch=entry["epoch"],
        arch=entry["arch"] or "",
        payloadhash=entry["payloadhash"],
        size=entry["size"],
        buildtime=entry["buildtime"],
        license=entry.get("license"),
        signature=entry.get("signature"),
    )
    texts = (package.name, package.version, package.release, package.arch, package.payloadhash)
    words = (package.license or "", package.signature or "")
    if not all(isinstance(text, str) for text in words):
        raise ValueError(f"{words} are no texts of a package")
    numbers = (package.epoch or 0, package.size, package.buildtime)
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise ValueError(f"{texts} are no texts of a package")
    if not all(isinstance(number, int) and 0 <= number < 1 << 63 for number in numbers):
        raise ValueError(f"{numbers} are no numbers of a package")
    return package


def listing(packages: Sequence[InstalledPackage]) -> str:
    """Return the text of mock's installed_pkgs.log."""
    return "".join(f"{package.nevra} {package.buildtime} {package.size} installed\n" for package in packages)

"""A directory of RPMs as a dnf repository: comps groups, repodata, manifest, and its atomic replacement."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.distribution.run import run

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Entry:
    """One RPM of the repository; ``key`` is what it was made from, the rest what it is."""

    name: str
    file: str
    key: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What is in a repository.

    ``inputs`` stands for all that could make the next one differ; ``lists`` are apt's indexes among it.
    """

    inputs: str
    lists: tuple[str, ...]
    arch: str
    packages: tuple[Entry, ...]

    @classmethod
    def load(cls, repo: Path) -> Manifest | None:
        """The manifest of a finished repository; None where there is none, or one of another layout."""
        try:
            data: dict[str, Any] = json.loads((repo / MANIFEST).read_text())
            packages = tuple(Entry(**entry) for entry in data["packages"])
            return cls(data["inputs"], tuple(data["lists"]), data["arch"], packages)
        except (FileNotFoundError, KeyError, TypeError):
            return None

    def rpms(self, repo: Path) -> dict[str, Path]:
        """The RPMs that are there and whole, by key."""
        paths = {one: repo / "Packages" / one.file for one in self.packages}
        return {one.key: path for one, path in paths.items() if path.exists() and one.sha256 == _sha256(path)}

    def save(self, repo: Path) -> None:
        temporary = repo / f"{MANIFEST}.new"
        temporary.write_text(json.dumps(asdict(self), indent=1) + "\n")
        temporary.replace(repo / MANIFEST)


def entry(path: Path, name: str, key: str) -> Entry:
    return Entry(name, path.name, key, _sha256(path))


def write_metadata(repo: Path, groups: Mapping[str, Iterable[str]], timestamp: int) -> None:
    """repodata for the RPMs in ``repo``/Packages, as of ``timestamp`` (seconds since 1970)."""
    comps = repo / "comps.xml"
    comps.write_text(_comps(groups))
    pkglist = repo / "pkglist"
    pkglist.write_text("".join(f"Packages/{path.name}\n" for path in sorted((repo / "Packages").iterdir())))
    stamp = ["--revision", str(timestamp), "--set-timestamp-to-revision"]
    run(
        ["createrepo_c", "--quiet", "--no-database", *stamp, "--groupfile", comps, "--pkglist", pkglist, repo]
    )
    pkglist.unlink()


def publish(staged: Path, output: Path) -> Path:
    """Make the link ``output``/repo point to ``staged``, one of the directories beside each other below it.

    Returns the link.  The previous generation stays for those who are reading it; all others go.
    """
    link = output / "repo"
    previous = link.resolve() if link.is_symlink() else None
    temporary = output / "repo.new"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(staged.relative_to(output))
    temporary.replace(link)
    for old in staged.parent.iterdir():
        if old not in (staged, previous):
            shutil.rmtree(old)
    return link


def reuse(rpm: Path, directory: Path) -> Path:
    """Take an RPM over from the previous generation."""
    new = directory / rpm.name
    try:
        os.link(rpm, new)
    except OSError:  # a file system without hard links
        shutil.copy2(rpm, new)
    return new


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _comps(groups: Mapping[str, Iterable[str]]) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<comps>"]
    for name, packages in sorted(groups.items()):
        lines += ["  <group>", f"    <id>{escape(name)}</id>", f"    <name>{escape(name)}</name>"]
        lines += ["    <description>Buildroot packages</description>", "    <default>false</default>"]
        lines += ["    <uservisible>true</uservisible>", "    <packagelist>"]
        lines += [
            f'      <packagereq type="mandatory">{escape(package)}</packagereq>'
            for package in sorted(packages)
        ]
        lines += ["    </packagelist>", "  </group>"]
    return "\n".join([*lines, "</comps>"]) + "\n"

"""What the host's apt knows: the packages to convert, and their .deb files.

Only the host's sources whose signed Release file says ``Origin: Debian`` are used, with an empty dpkg status
file, so that neither what is installed on the host nor a third party's repository shapes the result.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from tests.distribution import debian
from tests.distribution.run import DistributionError, run

_URI = re.compile(r"^'\S+' (?P<name>[^_\s]+)_(?P<version>[^_\s]+)_[^_\s]+\.deb ", re.MULTILINE)
_UPDATE = "run `apt-get update` and try again"


class Apt:
    """apt, narrowed to the official sources; ``workdir`` takes its temporary configuration."""

    def __init__(self, workdir: Path) -> None:
        sources = workdir / "sources.list"
        lines, self.lists = _official_sources()
        sources.write_text("".join(lines))
        self._options = [
            f"-oDir::Etc::sourcelist={sources}",
            "-oDir::Etc::sourceparts=/dev/null",
            "-oDir::Etc::preferences=/dev/null",
            "-oDir::Etc::preferencesparts=/dev/null",
            "-oDir::State::status=/dev/null",
            # No archives, so that --print-uris names every package; no binary caches, the host's know
            # other sources.
            f"-oDir::Cache={workdir}",
            "-oDir::Cache::pkgcache=",
            "-oDir::Cache::srcpkgcache=",
            "-oAPT::Install-Recommends=false",
            "-oAPT::Get::AllowUnauthenticated=false",
            "-oDebug::NoLocking=true",
        ]

    def closure(self, names: Iterable[str]) -> dict[str, debian.Package]:
        """The named packages and all that they need, as apt would install them on an empty system."""
        names = sorted(names)
        printed = run(["apt-get", *self._options, "--print-uris", "-y", "install", "--", *names])
        wanted = [f"{match['name']}={unquote(match['version'])}" for match in _URI.finditer(printed)]
        if not wanted:
            raise DistributionError(f"apt resolves {' '.join(names)} to nothing; {_UPDATE}")
        shown = run(["apt-cache", *self._options, "show", "--", *sorted(wanted)])
        packages = {fields["Package"]: debian.package(fields) for fields in debian.paragraphs(shown)}
        for item in wanted:
            name, _, version = item.partition("=")
            if name not in packages or packages[name].debian_version != version:
                raise DistributionError(f"apt-cache shows no {item}, which apt-get would install; {_UPDATE}")
        return packages

    def fetch(self, packages: Sequence[debian.Package], directory: Path) -> Mapping[str, Path]:
        """Package name -> .deb in ``directory``; what is missing or damaged is downloaded."""
        directory.mkdir(parents=True, exist_ok=True)
        found = {package.name: directory / package.deb_name for package in packages}
        missing = [package for package in packages if not _intact(found[package.name], package)]
        if missing:
            for package in missing:
                found[package.name].unlink(missing_ok=True)
            wanted = [f"{package.name}={package.debian_version}" for package in missing]
            # apt's sandbox user may not write into a private cache directory.
            options = [*self._options, "-oAPT::Sandbox::User=root", "-q"]
            try:
                run(["apt-get", *options, "download", "--", *wanted], cwd=directory)
            except DistributionError as error:
                raise DistributionError(
                    f"apt cannot download {len(missing)} packages; {_UPDATE}: {error}"
                ) from error
        for package in missing:
            if not _intact(found[package.name], package):
                raise DistributionError(f"{found[package.name]} is not the file apt promised; {_UPDATE}")
        return found


def _official_sources() -> tuple[list[str], tuple[str, ...]]:
    """Lines of a sources.list, and the package index files behind them."""
    fields = ("ORIGIN", "TRUSTED", "REPO_URI", "RELEASE", "COMPONENT", "SIGNED_BY", "FILENAME")
    form = "\t".join(f"$({field})" for field in fields)
    lines: set[str] = set()
    lists: set[str] = set()
    listing = run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    for line in listing.splitlines():
        origin, trusted, uri, release, component, signed_by, filename = line.split("\t")
        if origin != "Debian" or trusted != "yes":
            continue
        option = "" if signed_by.startswith("$(") else f"[signed-by={signed_by}] "
        lines.add(f"deb {option}{uri} {release} {component}\n")
        lists.add(filename)
    present = tuple(sorted(name for name in lists if Path(name).exists()))
    if not present:
        raise DistributionError(
            "apt has no index of an official Debian repository here: "
            "the test distribution is made from Debian packages and needs a Debian host; "
            "on one, run `apt-get update`"
        )
    return sorted(lines), present


def _intact(path: Path, package: debian.Package) -> bool:
    if not path.is_file() or path.stat().st_size != package.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == package.sha256

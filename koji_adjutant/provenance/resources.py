"""What goes into a build and comes out of it, named and with digests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from koji_adjutant.buildroot.repository.transfer import Checksum
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.specification.plan import PackageFile
from koji_adjutant.rpm.header import signature_header_end
from koji_adjutant.text import without_credentials

SIGNED_LATER = "sha256-after-signature-header"
"""An annotation of RPMs: of all that follows the signature header, which is all that signing changes."""
SOURCE = "source"
"""An annotation of what a build was made from, beside what it was made with."""
_CHUNK = 1 << 20
_COMMIT = re.compile(r"#([0-9a-f]{40}|[0-9a-f]{64})$")


@dataclass(frozen=True)
class Resource:
    """An in-toto ResourceDescriptor; ``digest`` is hex by algorithm, in in-toto's names."""

    name: str
    digest: Mapping[str, str] = field(default_factory=dict)
    uri: str | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        parts = {
            "name": self.name,
            "uri": self.uri,
            "digest": dict(self.digest),
            "annotations": dict(self.annotations),
        }
        return {key: value for key, value in parts.items() if value}


def file_resource(path: Path) -> Resource:
    """Return a file with its sha256."""
    with path.open("rb") as file:
        return Resource(path.name, {"sha256": hashlib.file_digest(file, "sha256").hexdigest()})


def rpm_resource(path: Path, uri: str | None = None) -> Resource:
    """Return an RPM file, to be recognised after it has been signed, too. SourceError if it is none."""
    end = signature_header_end(path)
    whole, rest = hashlib.sha256(), hashlib.sha256()
    with path.open("rb") as file:
        whole.update(file.read(end))
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
            rest.update(chunk)
    return Resource(path.name, {"sha256": whole.hexdigest()}, uri, {SIGNED_LATER: rest.hexdigest()})


def source_resource(source: str) -> Resource:
    """Return a checkout: ``source`` is its URL with the revision behind a ``#``, as kojid reports it."""
    commit = _COMMIT.search(source) if source.startswith("git") else None
    return Resource("source", {"gitCommit": commit[1]} if commit else {}, without_credentials(source))


@dataclass(frozen=True)
class BuildrootPackage:
    """A package that was in a buildroot in the end, as its repository has it."""

    name: str
    epoch: str | None
    version: str
    release: str
    arch: str
    file: PackageFile
    url: str | None

    @property
    def version_release(self) -> str:
        return f"{self.version}-{self.release}"

    @property
    def evr(self) -> str:
        return f"{self.epoch}:{self.version_release}" if self.epoch else self.version_release

    @property
    def purl(self) -> str:
        return package_url(self.name, self.version_release, self.arch, self.epoch)

    @property
    def digest(self) -> Mapping[str, str]:
        checksum = Checksum.parse(self.file.checksum)
        return {checksum.algorithm: checksum.value}

    def resource(self) -> Resource:
        return Resource(self.file.nevra, self.digest, self.url or self.purl)


def buildroot_packages(lock: Lock) -> list[BuildrootPackage]:
    """Return what was in the buildroot in the end, sorted; packages that were replaced are left out."""
    urls = {repository.id: repository.urls for repository in lock.config.repositories}
    there = {file.nevra: file for file in lock.packages() if file.nevra in lock.installed}
    return [_package(file, urls.get(file.repository, ())) for _, file in sorted(there.items())]


def _package(file: PackageFile, repository_urls: Any) -> BuildrootPackage:
    name_version, _, release_arch = file.nevra.rpartition("-")
    name, _, version = name_version.rpartition("-")
    release, _, arch = release_arch.rpartition(".")
    epoch, colon, rest = version.partition(":")
    # a directory of this machine is no place for anybody else
    urls = (without_credentials(one) for one in file.urls(repository_urls))
    url = next((one for one in urls if "://" in one), None)
    return BuildrootPackage(
        name, epoch if colon else None, rest if colon else version, release, arch, file, url
    )


def package_url(name: str, version_release: str, arch: str, epoch: str | None) -> str:
    """Return the package URL (purl) of an RPM."""
    qualifiers = f"arch={quote(arch, safe='')}" + (f"&epoch={epoch}" if epoch and epoch != "0" else "")
    return f"pkg:rpm/{quote(name, safe='')}@{quote(version_release, safe='')}?{qualifiers}"

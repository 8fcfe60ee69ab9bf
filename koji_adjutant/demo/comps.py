"""The package groups that a tag installs buildroots from, to be declared with ``koji add-group-pkg``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from koji_adjutant.buildroot.repository.compressed import decompress
from koji_adjutant.buildroot.repository.download import FileMissingError
from koji_adjutant.buildroot.repository.repofiles import RepoFiles
from koji_adjutant.demo.errors import DemoError
from koji_adjutant.demo.stage import is_url
from koji_adjutant.errors import BuildrootError

NEEDED = ("build", "srpm-build")

_SHARED = ("bash", "glibc-minimal-langpack", "redhat-rpm-config", "rpm-build", "shadow-utils")
DISTRIBUTIONS: Mapping[str, Sequence[str]] = {
    "build": (
        *_SHARED,
        *("bzip2", "coreutils", "cpio", "diffutils", "findutils", "gawk", "grep", "gzip", "info", "patch"),
        *("sed", "tar", "unzip", "util-linux", "which", "xz"),
    ),
    "srpm-build": (*_SHARED, "git-core"),
}
"""What Fedora's own Koji has in these groups of its tags; Fedora's and EL's repositories lack the groups."""


def read_groups(repo: str) -> dict[str, list[str]]:
    """Return package names of the groups that Koji needs, from the comps file of a directory or URL.

    A distribution's own repository, at a URL, may lack them: then they are what Fedora's Koji has.
    DemoError if ``repo`` is no repository, or is a directory that lacks one of the groups.
    """
    groups = _groups(RepoFiles(repo))
    missing = [name for name in NEEDED if not groups.get(name)]
    if missing and is_url(repo):
        return {name: list(packages) for name, packages in DISTRIBUTIONS.items()}
    if missing:
        raise DemoError(
            f"{repo} has no group {' and no group '.join(missing)}, which Koji installs buildroots from"
        )
    return {name: groups[name] for name in NEEDED}


def _groups(repo: RepoFiles) -> dict[str, list[str]]:
    try:
        index = repo.repomd()
    except FileMissingError as error:
        raise DemoError(
            f"{repo.location} is not a dnf repository (no repodata/repomd.xml): give one with --repo"
        ) from error
    except BuildrootError as error:
        raise DemoError(str(error)) from error
    try:
        location = index.href("group")
        if location is not None:
            return _parse(decompress(repo.read(location)))
    except (BuildrootError, ElementTree.ParseError) as error:
        raise DemoError(f"the package groups of {repo.location} cannot be read: {error}") from error
    if is_url(repo.location):
        return {}
    raise DemoError(f"{repo.location} has no package groups: make it with createrepo_c --groupfile")


def _parse(comps: bytes) -> dict[str, list[str]]:
    root = ElementTree.fromstring(comps)  # noqa: S314 - the operator's own repository
    return {
        group.findtext("id", ""): [package.text or "" for package in group.iter("packagereq")]
        for group in root.iter("group")
    }

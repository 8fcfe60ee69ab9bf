"""The package groups of a dnf repository, to be declared in a tag with ``koji add-group-pkg``."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import createrepo_c

from koji_adjutant.buildroot.repository.compressed import decompress
from koji_adjutant.demo.errors import DemoError
from koji_adjutant.errors import BuildrootError

NEEDED = ("build", "srpm-build")


def read_groups(repo: Path) -> dict[str, list[str]]:
    """Package names of the groups that Koji needs, from the repository's comps file.

    DemoError if ``repo`` is no repository or lacks one of the groups.
    """
    repomd_file = repo / "repodata" / "repomd.xml"
    if not repomd_file.exists():
        raise DemoError(f"{repo} is not a dnf repository (no repodata/repomd.xml): give one with --repo")
    locations = {
        record.type: record.location_href for record in createrepo_c.Repomd(str(repomd_file)).records
    }
    if "group" not in locations:
        raise DemoError(f"{repo} has no package groups: make it with createrepo_c --groupfile")
    try:
        groups = _parse(decompress((repo / locations["group"]).read_bytes()))
    except (BuildrootError, ElementTree.ParseError) as error:
        raise DemoError(f"the package groups of {repo} cannot be read: {error}") from error
    missing = [name for name in NEEDED if not groups.get(name)]
    if missing:
        raise DemoError(
            f"{repo} has no group {' and no group '.join(missing)}, which Koji installs buildroots from"
        )
    return {name: groups[name] for name in NEEDED}


def _parse(comps: bytes) -> dict[str, list[str]]:
    root = ElementTree.fromstring(comps)  # noqa: S314 - the operator's own repository
    return {
        group.findtext("id", ""): [package.text or "" for package in group.iter("packagereq")]
        for group in root.iter("group")
    }

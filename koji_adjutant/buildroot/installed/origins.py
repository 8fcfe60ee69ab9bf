"""Which packages of a buildroot come from koji and which from an external repository."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import koji

from koji_adjutant.buildroot.installed.packages import InstalledPackage
from koji_adjutant.buildroot.repository.compressed import decompress
from koji_adjutant.buildroot.repository.download import FileMissingError
from koji_adjutant.buildroot.repository.repofiles import RepoFiles
from koji_adjutant.errors import BuildrootError

__all__ = ["ExternalRepo", "RepoFiles", "buildroot_list"]

logger = logging.getLogger("koji_adjutant.buildroot")


@dataclass(frozen=True)
class ExternalRepo:
    """One of a tag's external repositories, from ``getExternalRepoList``: ``$arch`` not yet expanded."""

    id: int
    name: str
    url: str


def buildroot_list(
    packages: Sequence[InstalledPackage],
    *,
    repo: RepoFiles,
    repo_id: int,
    external_repos: Sequence[ExternalRepo],
    arch: str,
) -> list[dict[str, Any]]:
    """Make the dicts for ``host.setBuildRootList`` and ``updateBuildRootList``, as kojid does.

    ``arch`` is the buildroot's, ``repo`` that arch's repository. External packages get ``external_repo``
    and ``location``, internal ones ``id`` from rpmlist.jsonl. Raises koji.BuildError for a package of unknown
    origin, BuildrootError when an internal package's payload is not the one in the repository's record.
    """
    listed = [package.reported() for package in packages]
    if external_repos:
        _mark_external(listed, packages, repo, repo_id, external_repos, arch)
    _mark_internal(listed, packages, repo)
    return listed


def _mark_external(
    listed: Sequence[dict[str, Any]],
    packages: Sequence[InstalledPackage],
    repo: RepoFiles,
    repo_id: int,
    external_repos: Sequence[ExternalRepo],
    arch: str,
) -> None:
    by_url = {external.url.replace("$arch", arch): external for external in external_repos}
    origins = _origins(repo)
    # mergerepo_c starts from a repository of the internal packages, which lies in the createrepo task's
    # working directory
    internal = f"/repo_{repo_id}_premerge/"
    for entry, package in zip(listed, packages, strict=True):
        url = origins.get(package.nvra)
        if url is None:
            raise koji.BuildError(f"No origin for {package.nvra}")
        external = by_url.get(url)
        if external is not None:
            entry["external_repo"] = {
                "external_repo_id": external.id,
                "external_repo_name": external.name,
                "url": external.url,
            }
            entry["location"] = external.id
        elif not (url.startswith("file://") and url.endswith(internal)):
            raise koji.BuildError(f"Unknown origin for {package.nvra}: {url}")


def _origins(repo: RepoFiles) -> Mapping[str, str]:
    """Map each package's nvra to the URL of the repository that mergerepo_c took it from."""
    href = repo.repomd().href("origin")
    if href is None:
        raise BuildrootError(
            f"repository {repo.location} has no pkgorigins, though its tag has external repos: regenerate it"
        )
    origins = {}
    for line in decompress(repo.read(href)).decode("utf-8").splitlines():
        fields = line.split(None, 2)
        if len(fields) >= 2:
            # the first is [epoch:]n-v-r.a
            nvra = koji.parse_NVRA(fields[0])
            origins["{name}-{version}-{release}.{arch}".format(**nvra)] = fields[1]
    return origins


def _mark_internal(
    listed: Sequence[dict[str, Any]], packages: Sequence[InstalledPackage], repo: RepoFiles
) -> None:
    try:
        lines = repo.read("rpmlist.jsonl").splitlines()
    except FileMissingError:
        # repositories of hubs before 1.35: the hub then finds the packages by name
        logger.warning("Missing repo content file: %s/rpmlist.jsonl", repo.location)
        return
    records = {}
    for line in lines:
        record = json.loads(line)
        records["{name}-{version}-{release}.{arch}".format(**record)] = record
    for entry, package in zip(listed, packages, strict=True):
        if "external_repo" in entry:
            continue
        record = records.get(package.nvra)
        if record is None:
            logger.warning("%s not found in rpmlist.jsonl", package.nvra)
        elif _kind(record["payloadhash"]) != _kind(package.payloadhash):
            # a hub whose rpm is older than 6 knows no SHA3: another word for the same package
            logger.warning(
                "%s is %s here and %s in rpmlist.jsonl: not compared",
                package.nvra,
                package.payloadhash,
                record["payloadhash"],
            )
            entry["id"] = record["id"]
        elif record["payloadhash"] != package.payloadhash:
            raise BuildrootError(
                f"RPM: {package.nvra}: payloadhash: {package.payloadhash} mismatch expected "
                f"{record['payloadhash']} in rpmlist.jsonl"
            )
        else:
            entry["id"] = record["id"]


def _kind(payloadhash: str) -> str:
    """Return the label of the digest that a package is known by, "" for SIGMD5."""
    return payloadhash.rpartition("::")[0]

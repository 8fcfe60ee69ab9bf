"""The metadata of a buildroot's repositories: read once, and given to the resolver as it is.

The resolver has no network. It sees the metadata as repositories in /metadata, so what it resolves is exactly
what was read here, whatever happens to the repositories meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.repository.repofiles import RepoFiles, RepoIndex
from koji_adjutant.buildroot.repository.transfer import fetch
from koji_adjutant.buildroot.specification.config import BuildrootConfig, Repository
from koji_adjutant.buildroot.specification.package_sources import PackageSources
from koji_adjutant.errors import BuildrootError

logger = logging.getLogger("koji_adjutant.buildroot")

SEEN_AT = PurePosixPath("/metadata")
"""Where the resolver has it."""

RESOLVER_READS = ("primary", "filelists", "group", "group_gz", "modules")
"""What is in repomd.xml beyond that is not for a resolver."""


@dataclass(frozen=True)
class RepositoryState:
    """One repository as it is now: ``urls`` are its mirrors, the one that answered first."""

    repository: str
    urls: Sequence[str]
    index: RepoIndex

    def content(self) -> list[str | None]:
        """Return what makes two states of a repository the same to a resolver: files as they are checked.

        What repomd.xml says of their content nobody checks: it could claim to be another repository's.
        """
        checksums = [self.index.checksum(kind) for kind in RESOLVER_READS]
        return [self.repository, *(str(checksum) if checksum else None for checksum in checksums)]


class Metadata:
    """What the repositories of a buildroot had when this was made."""

    def __init__(self, config: BuildrootConfig) -> None:
        """Read each repomd.xml. Raises BuildrootError if a repository cannot be read."""
        proxy = config.package_manager.proxy
        self.repositories = [_current_state(repository, proxy) for repository in config.repositories]
        contents = json.dumps([state.content() for state in self.repositories])
        self.key = hashlib.sha256(contents.encode()).hexdigest()
        self.package_sources = PackageSources(
            locations={state.repository: state.urls for state in self.repositories},
            local=[mount.source for mount in config.repo_mounts],
            proxy=proxy,
        )

    def fetch(self, directory: Path) -> None:
        """Download it as repositories for the resolver: ``directory``/<repository id>.

        Raises BuildrootError if something is not available, or is not what repomd.xml says.
        """
        wanted = []
        for state in self.repositories:
            top = directory / state.repository
            (top / "repodata").mkdir(parents=True)
            (top / "repodata" / "repomd.xml").write_bytes(state.index.only(RESOLVER_READS))
            for kind in RESOLVER_READS:
                href, checksum = state.index.href(kind), state.index.checksum(kind)
                if href and checksum:
                    (top / href).parent.mkdir(parents=True, exist_ok=True)
                    wanted.append((f"{state.urls[0]}/{href}", top / href, checksum))
        with ThreadPoolExecutor(len(wanted) or 1) as pool:
            for done in [pool.submit(fetch, *each, self.package_sources.proxy) for each in wanted]:
                done.result()


def _current_state(repository: Repository, proxy: str | None) -> RepositoryState:
    """Read the repository from the first of its mirrors that answers, as dnf does."""
    for number, url in enumerate(repository.urls, 1):
        try:
            index = RepoFiles(url, proxy).repomd()
        except BuildrootError as error:
            if number == len(repository.urls):
                raise
            logger.warning("%s; trying the next mirror", error)
        else:
            others = [other for other in repository.urls if other != url]
            return RepositoryState(repository.id, [url, *others], index)
    raise BuildrootError(f"the repository {repository.id} has no URL")

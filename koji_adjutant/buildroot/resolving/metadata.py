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
from functools import partial
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.repository.attempts import Report
from koji_adjutant.buildroot.repository.locations import joined
from koji_adjutant.buildroot.repository.repofiles import RepoIndex, first_index
from koji_adjutant.buildroot.repository.transfer import Expected, fetch
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

    def __init__(self, config: BuildrootConfig, report: Report = logger.warning) -> None:
        """Read each repomd.xml. Raises BuildrootError if a repository cannot be read."""
        proxy = config.package_manager.proxy
        self._report = report
        self.repositories = [_current_state(repository, proxy, report) for repository in config.repositories]
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
                    urls = [joined(url, href) for url in state.urls]
                    wanted.append((urls, top / href, Expected(checksum, state.index.size(kind))))
        with ThreadPoolExecutor(len(wanted) or 1) as pool:
            get = partial(fetch, proxy=self.package_sources.proxy, report=self._report)
            for done in [pool.submit(get, *each) for each in wanted]:
                done.result()


def _current_state(repository: Repository, proxy: str | None, report: Report) -> RepositoryState:
    """Read the repository from the first of its mirrors that answers, as dnf does."""
    if not repository.urls:
        raise BuildrootError(f"the repository {repository.id} has no URL")
    url, index = first_index(repository.urls, proxy, report, repository.repomd)
    return RepositoryState(repository.id, [url, *(other for other in repository.urls if other != url)], index)

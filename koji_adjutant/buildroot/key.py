"""What makes two roots the same root."""

from __future__ import annotations

import hashlib
import json
import logging

from koji_adjutant.buildroot.config import BuildrootConfig, Repository
from koji_adjutant.buildroot.repofiles import RepoFiles, RepoIndex
from koji_adjutant.errors import BuildrootError

logger = logging.getLogger("koji_adjutant.buildroot")

FORMAT = 1
"""Raised when roots are made differently, so that older entries are not found."""


def root_key(config: BuildrootConfig, tool_image_digest: str) -> str:
    """The store's key for a buildroot: equal keys, equal roots.

    Made from what the repositories contain (not from where they are or how they are numbered), the group,
    the arch, the tool image, and the options that decide what is installed. This is the one place where a
    key made from the resolved package set will go: then also a repository that changed elsewhere will do.

    BuildrootError if a repository cannot be read.
    """
    options = config.package_manager
    contents = []
    for repository in config.repositories:
        index = _index(repository, options.proxy)
        contents.append(
            [repository.id, *(index.content_checksum(kind) for kind in ("primary", "group", "modules"))]
        )
    description = {
        "format": FORMAT,
        "repositories": contents,
        "arch": [config.arch, config.target_arch],
        "group": config.group,
        "tool_image": tool_image_digest,
        "module_hotfixes": options.module_hotfixes,
        "releasever": options.releasever,
        "forcearch": options.forcearch,
        "module_setup_commands": list(options.module_setup_commands),
        "package_manager": options.package_manager,
    }
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()


def _index(repository: Repository, proxy: str | None) -> RepoIndex:
    """From the first mirror that answers, as dnf takes it."""
    *mirrors, last = repository.urls
    for url in mirrors:
        try:
            return RepoFiles(url, proxy).repomd()
        except BuildrootError as error:
            logger.warning("%s; trying the next mirror", error)
    return RepoFiles(last, proxy).repomd()

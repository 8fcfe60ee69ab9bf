"""The files that a buildroot's configuration becomes: dnf.conf, koji.repo, macros.koji."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.text import without_credentials

# The [main] section of koji.genMockConfig; cache and log directories are the resolver's business. Metadata is
# handed to dnf in plain form.
_MAIN = """\
debuglevel=1
reposdir=/dev/null
retries=20
obsoletes=1
gpgcheck=0
assumeyes=1
keepcache=1
install_weak_deps=0
strict=1
zchunk=0
"""


def koji_repo(config: BuildrootConfig) -> str:
    """Return the repository sections, as dnf reads them; for others to see, so without credentials."""
    options = config.package_manager
    sections = []
    for repository in config.repositories:
        lines = [f"[{repository.id}]", f"name={repository.id}"]
        # a continuation line is what makes further URLs mirrors of the same repository
        lines.append("baseurl=" + "\n        ".join(map(without_credentials, repository.urls)))
        if repository.cost is not None:
            lines.append(f"cost={repository.cost}")
        if options.module_hotfixes:
            lines.append("module_hotfixes=1")
        if options.best:
            # genMockConfig writes it into the repository's section, where dnf does not look for it: a
            # tag's mock.yum.best has no effect on a stock builder, and has none here
            lines.append("best=1")
        sections.append("\n".join(lines) + "\n")
    return "\n".join(sections)


def resolver_conf(config: BuildrootConfig, metadata: PurePosixPath) -> str:
    """Return the whole dnf.conf that resolves this buildroot.

    The repositories' metadata is below ``metadata``, each in a directory that is named by its id.
    """
    repositories = [
        replace(repository, urls=(f"file://{metadata / repository.id}",))
        for repository in config.repositories
    ]
    return "[main]\n" + _MAIN + "\n" + koji_repo(replace(config, repositories=repositories))


def macros_koji(config: BuildrootConfig) -> str:
    """Return the text of the build user's ~/.rpmmacros."""
    return "".join(f"{name} {value}\n" for name, value in sorted(config.macros.items()))

"""Fixtures that the tests of checkouts share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import koji.daemon
import pytest

from koji_adjutant.buildroot.root import BUILD_UID, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.scm_srpm import ScmHooks, ScmSrpm, srpm_from_scm
from koji_adjutant.builds.spec import SpecRules
from koji_adjutant.scm.checkout import CheckoutOptions, check_out
from koji_adjutant.scm.source import ScmSource
from tests.integration.buildroot.fixtures import (
    NewWorkspace,
    config,
    make_srpm,
    new_workspace,
    online,
    repo,
    workspace,
)
from tests.support.git_daemon import GitServer, git_daemon
from tests.support.scm_servers import reachable_directory

__all__ = ["config", "make_srpm", "new_workspace", "repo", "workspace"]


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a directory for the files of servers."""
    with reachable_directory() as directory:
        yield directory


@dataclass(frozen=True)
class Tree:
    """What was checked out; ``log`` is checkout.log."""

    path: Path
    commit: str | None
    log: str


Get = Callable[..., Tree]


@pytest.fixture
def get(new_workspace: NewWorkspace) -> Get:
    """Checks a URL out."""
    number = itertools.count()

    def checked_out(
        url: str,
        options: CheckoutOptions | None = None,
        *,
        common: bool = False,
        password: bool = False,
        image: str | None = None,
    ) -> Tree:
        workspace = replace(new_workspace(f"checkout-{next(number)}"), network_mode="host")
        if image is not None:
            workspace = replace(workspace, tool_image=image)
        scm = koji.daemon.SCM(url, allow_password=password)
        scm.use_common = common
        directory = workspace.workdir / "tree"
        directory.mkdir()
        commit = check_out(workspace, ScmSource.of(scm), directory, options)
        assert {path.name for path in workspace.workdir.iterdir()} == {"checkout", "tree"}
        assert directory.stat().st_uid == BUILD_UID
        return Tree(directory, commit, (workspace.resultdir / "checkout.log").read_text())

    return checked_out


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "git").mkdir()
    with git_daemon(tmp_path / "git") as daemon:
        yield daemon


Make = Callable[..., ScmSrpm]


@pytest.fixture
def make(workspace: Workspace, config: BuildrootConfig) -> Make:
    """SRPMs from URLs."""

    def from_url(
        url: str,
        *,
        common: bool = False,
        source_cmd: tuple[str, ...] | None = None,
        rules: SpecRules | None = None,
        hooks: ScmHooks | None = None,
    ) -> ScmSrpm:
        scm = koji.daemon.SCM(url)
        scm.use_common, scm.source_cmd = common, source_cmd
        with open_buildroot(replace(workspace, network_mode="host"), online(config)) as root:
            return srpm_from_scm(root, ScmSource.of(scm), rules, hooks)

    return from_url

"""Fixtures that the tests of checkouts share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import koji.daemon
import pytest

from koji_adjutant.buildroot.root import BUILD_UID
from koji_adjutant.scm.checkout import CheckoutOptions, check_out
from koji_adjutant.scm.source import ScmSource
from tests.integration.buildroot.fixtures import (
    NewWorkspace,
    config,
    make_srpm,
    new_workspace,
    repo,
    workspace,
)
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

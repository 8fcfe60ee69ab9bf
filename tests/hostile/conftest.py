"""A store of this suite's own, in which nothing may change, and buildroots that cases share."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.files.tree import changes, describe
from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.container.podman_manager import PodmanManager
from tests.integration.buildroot.fixtures import NewWorkspace, config, repo, workspaces
from tests.support.engine import engine, state_dir, tool_image
from tests.support.inspection import inspected, rules_are_kept

__all__ = ["config", "engine", "inspected", "repo", "rules_are_kept", "state_dir", "tool_image"]


@pytest.fixture(scope="package")
def cache(
    engine: PodmanManager, tool_image: str, config: BuildrootConfig, inspected: object
) -> Iterator[Cache]:
    """A cache that has the root of ``config``.

    At the end no byte has changed of what the store had, nor of the tool image.
    """
    with tempfile.TemporaryDirectory(
        prefix="adjutant-test-hostile-", dir="/var/tmp", ignore_cleanup_errors=True
    ) as top:
        made = Cache(Path(top))
        with workspaces(engine, tool_image, made) as new_workspace:
            with open_buildroot(new_workspace("base"), config):
                pass
            made.store.seal()
        sealed = [usage.key for usage in made.store.usages()]
        assert len(sealed) > 1
        with mounted_image(engine, tool_image) as files:
            before = describe(files)
            yield made
            assert changes(before, describe(files)) == []
        assert {key: made.store.damage(key) for key in sealed} == {key: [] for key in sealed}
        assert {*sealed} <= {usage.key for usage in made.store.usages()}
        assert [*(made.store.directory / "staging").iterdir()] == []


@contextmanager
def mounted_image(engine: PodmanManager, image: str) -> Iterator[Path]:
    """An image's files, as they are in podman's storage."""
    podman = [*engine._traits.command_line, "image"]
    mounted = subprocess.check_output([*podman, "mount", image], text=True).strip()
    try:
        yield Path(mounted)
    finally:
        subprocess.run([*podman, "unmount", image], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def new_workspace(engine: PodmanManager, tool_image: str, cache: Cache) -> Iterator[NewWorkspace]:
    """Workspaces with the store of this suite."""
    with workspaces(engine, tool_image, cache) as make:
        yield make


@pytest.fixture(scope="module")
def root(new_workspace: NewWorkspace, config: BuildrootConfig) -> Iterator[Buildroot]:
    """One buildroot for all cases of a module: each tidies up what it has left in /builddir."""
    with open_buildroot(new_workspace("shared"), config) as opened:
        yield opened

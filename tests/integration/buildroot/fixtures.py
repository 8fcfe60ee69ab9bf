"""Workspaces over the shared engine, the test distribution, and packages made on the spot."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.progress import StateLog
from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.scm_srpm import srpm_from_directory
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.limits import task_limits
from koji_adjutant.container.interface import LABEL_PREFIX, Owner
from koji_adjutant.container.podman_manager import PodmanManager
from tests.distribution.build import build, default_output

NewWorkspace = Callable[[str], Workspace]
MakeSrpm = Callable[[str], Path]

HEADER = """\
Name: {name}
Version: 1
Release: 1
Summary: A test
License: MIT
"""


def spec(name: str, preamble: str = "", **sections: str) -> str:
    """A spec file: a preamble beyond the usual, and sections by name (``prep``, ``build``, …)."""
    text = HEADER.format(name=name) + dedent(preamble) + "\n%description\nA test.\n"
    for section in ("prep", "generate_buildrequires", "build", "install", "files"):
        if section in sections or section == "files":
            text += f"\n%{section}\n{dedent(sections.get(section, '')).strip()}\n"
    return text


@pytest.fixture(scope="session")
def repo() -> Path:
    """The test distribution."""
    if not Path("/etc/debian_version").exists():
        pytest.skip("the test distribution is made from Debian packages; this is no Debian host")
    return build(default_output())


@pytest.fixture(scope="session")
def config(repo: Path) -> BuildrootConfig:
    """The distribution's ``build`` group, without network."""
    return for_repos([str(repo)], "x86_64", "build", network=False, options=TagOptions())


@contextmanager
def workspaces(engine: PodmanManager, tool_image: str, cache: Cache) -> Iterator[NewWorkspace]:
    """Workspaces with the limits of an ordinary worker; at the end no container of theirs may be left."""
    # the overlay of a build wants a real file system, and pytest would keep what it finds in its own place
    top = Path(tempfile.mkdtemp(prefix="adjutant-test-", dir="/var/tmp"))
    try:
        owner = Owner(f"test-{os.getpid()}-{top.name}", "tests")

        def make(name: str) -> Workspace:
            directory = top / name
            (directory / "result").mkdir(parents=True)
            (directory / "work").mkdir()
            return Workspace(
                manager=engine,
                tool_image=tool_image,
                owner=owner,
                cache=cache,
                workdir=directory / "work",
                resultdir=directory / "result",
                progress=StateLog(directory / "result" / "state.log"),
                limits=task_limits(AdjutantOptions(), maxjobs=1),
            )

        yield make
        assert engine.list_containers({LABEL_PREFIX + "task_id": owner.task_id}) == []
    finally:
        remove_tree(top)


@pytest.fixture
def new_workspace(engine: PodmanManager, tool_image: str, state_dir: Path) -> Iterator[NewWorkspace]:
    """Workspaces with the shared store."""
    with workspaces(engine, tool_image, Cache(state_dir)) as make:
        yield make


@pytest.fixture
def workspace(new_workspace: NewWorkspace) -> Workspace:
    return new_workspace("main")


@pytest.fixture
def make_srpm(new_workspace: NewWorkspace, config: BuildrootConfig, tmp_path: Path) -> MakeSrpm:
    """Source packages from a spec's text."""

    def make(text: str) -> Path:
        name = text.splitlines()[0].removeprefix("Name: ")
        directory = tmp_path / name
        directory.mkdir()
        (directory / f"{name}.spec").write_text(text)
        with open_buildroot(new_workspace(f"srpm-{name}"), config) as root:
            return srpm_from_directory(root, directory)

    return make


def online(config: BuildrootConfig) -> BuildrootConfig:
    """As for SRPMs from an SCM."""
    return replace(config, network=True)

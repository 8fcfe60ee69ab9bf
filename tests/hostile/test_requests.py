"""What whoever may make tasks can ask for: places, arches, mounts and names that a worker must not take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import koji
import pytest

from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.buildroot.failed import FailedRoots
from koji_adjutant.config import KojidOptions
from koji_adjutant.config.runroot import RunrootConfig
from koji_adjutant.errors import BuildrootError, SourceError
from koji_adjutant.hub.arguments import check_arguments
from koji_adjutant.hub.files import fetch
from koji_adjutant.task_adapters.buildarch import BuildArchTask
from koji_adjutant.task_adapters.createrepo import CreaterepoTask
from koji_adjutant.task_adapters.runroot import RunRootTask

RUNROOT = """\
[paths]
safe_roots = /shared
[path0]
mountpoint = /shared
path = {shared}
fstype = bind
options = rw,bind
"""


class Ground(NamedTuple):
    """A worker's places: the hub's files, runroot.conf with one directory to share, its own directory."""

    options: KojidOptions
    runroot: RunrootConfig
    directory: Path


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    (tmp_path / "top").mkdir()
    (tmp_path / "secret.src.rpm").write_text("the host's")
    (tmp_path / "shared" / "a").mkdir(parents=True)
    (tmp_path / "shared" / "out").symlink_to("/etc")
    (tmp_path / "runroot.conf").write_text(RUNROOT.format(shared=tmp_path / "shared"))
    return Ground(
        KojidOptions(server="http://hub/kojihub", topdir=str(tmp_path / "top")),
        RunrootConfig.read(tmp_path / "runroot.conf"),
        tmp_path,
    )


Ask = Callable[[Ground], object]


def file(path: str) -> Ask:
    return lambda ground: fetch(ground.options, ground.directory, path, "no such file")


def mount(path: str) -> Ask:
    return lambda ground: ground.runroot.mounts([path])


def build_arch(*arguments: object) -> Ask:
    return lambda _ground: check_arguments("buildArch", BuildArchTask.handler, [None, *arguments], {})


def createrepo(*arguments: object) -> Ask:
    return lambda _ground: check_arguments("createrepo", CreaterepoTask.handler, [None, *arguments], {})


def runroot(*arguments: object) -> Ask:
    return lambda _ground: check_arguments("runroot", RunRootTask.handler, [None, *arguments], {})


def key(text: str) -> Ask:
    return lambda ground: RootStore(ground.directory / "roots").remove(text)


def _kept(name: str) -> Ask:
    def look(ground: Ground) -> None:
        with FailedRoots(ground.directory / "failed").open(name):
            pass

    return look


REQUESTS: dict[str, tuple[Ask, type[Exception]]] = {
    "a source package above the hub's files": (file("../secret.src.rpm"), SourceError),
    "a source package above them, later": (file("work/../../secret.src.rpm"), SourceError),
    "a source package of the host's": (file("/etc/passwd"), SourceError),
    "a source package with no name": (file(""), SourceError),
    "a source package with half a name": (file("a\0b"), SourceError),
    "a source package with an endless name": (file("a" * 300), SourceError),
    "an arch that is an option": (build_arch("a.src.rpm", 1, "-rf", False), koji.ParameterError),
    "an arch that is a path": (build_arch("a.src.rpm", 1, "../x", False), koji.ParameterError),
    "an arch that is a command": (createrepo(1, "$(id)", None), koji.ParameterError),
    "an arch of two lines": (createrepo(1, "x86_64\nx", None), koji.ParameterError),
    "a package that is a list": (build_arch(["a"], 1, "x86_64", False), koji.ParameterError),
    "a command that is a number": (runroot("tag", "x86_64", 7), koji.ParameterError),
    "mounts that are an object": (
        runroot("tag", "x86_64", "true", False, [], {"/": "/"}),
        koji.ParameterError,
    ),
    "a mount of the host's": (mount("/etc"), koji.GenericError),
    "a mount above what is shared": (mount("/shared/../etc"), koji.GenericError),
    "a mount of a link that leads out": (mount("/shared/out"), koji.GenericError),
    "a mount that is no path": (mount("shared"), koji.GenericError),
    "an entry of the store that is a path": (key("../x"), BuildrootError),
    "an entry of the store with no name": (key(""), BuildrootError),
    "a kept buildroot that is a path": (_kept("../../top"), BuildrootError),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request(ground: Ground, name: str) -> None:
    ask, refusal = REQUESTS[name]
    with pytest.raises(refusal):
        ask(ground)
    assert not (ground.directory / "local").exists()


def test_what_may_be_asked_for(ground: Ground) -> None:
    (ground.directory / "top" / "a.src.rpm").touch()
    assert file("a.src.rpm")(ground)
    assert mount("/shared/a")(ground)
    assert build_arch("a.src.rpm", 1, "x86_64", False)(ground)

"""A farm between doors that can be closed: the hub's, a repository's, those of our programs in containers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import koji

from koji_adjutant.buildroot.cache.cache import Cache
from tests.faults.gates import FileGate, ToolGate, waiting
from tests.faults.victims import Victims
from tests.hub.builder import ARCH, make_tag, upload_file
from tests.hub.farm import Farm, wait_for_repo
from tests.hub.names import unique
from tests.integration.buildroot.rpm_repository import make_repository, rpmbuild
from tests.support.holding_files import HoldingFiles, holding_files
from tests.support.holding_hub import HoldingHub
from tests.support.waiting import until

IN_BASE = "held-in-a-base"
IN_LAYER = "held-in-a-layer"
HOLDING_PACKAGE = """\
Name: {name}
Version: 1
Release: 1
Summary: Waits while it is installed
License: MIT
BuildArch: noarch
Requires(pre): bash coreutils
%description
%{{summary}}.
%pre
{waiting}
%files
"""
SMALL = ("bash", "coreutils", "filesystem")
"""A group that is quickly installed."""


@dataclass
class Stand:
    """``tools`` is the directory of the gates of our programs."""

    farm: Farm
    hub: HoldingHub
    packages: HoldingFiles
    tools: Path
    victims: Victims

    @cached_property
    def repo(self) -> int:
        """A repo of the build tag that has the packages which wait while they are installed."""
        name = unique("held")
        self.farm.admin.createExternalRepo(name, f"{self.packages.url}/")
        self.farm.admin.addExternalRepoToTag(self.farm.build_tag, name, 20)
        return wait_for_repo(self.farm)

    @cached_property
    def small_tag(self) -> str:
        """A tag whose base root has such a package."""
        admin, tag = self.farm.admin, make_tag(self.farm.admin, "small")
        external = [self.farm.external, unique("held")]
        admin.createExternalRepo(external[1], f"{self.packages.url}/")
        for priority, repo in enumerate(external):
            admin.addExternalRepoToTag(tag, repo, priority)
        admin.groupListAdd(tag, "build")
        for member in (*SMALL, IN_BASE):
            admin.groupPackageListAdd(tag, "build", member)
        wait_for_repo(self.farm, tag)
        return tag

    def open(self) -> None:
        """Hold nobody any more."""
        self.hub.holds.open()
        self.packages.holds.open()
        for file in self.tools.glob("*.py"):
            if file.name != "hold.py":
                file.unlink()

    def new_tag(self) -> str:
        """Make a tag that has no repo yet."""
        tag = make_tag(self.farm.admin, "held")
        name = unique("held")
        self.farm.admin.createExternalRepo(name, f"{self.packages.url}/")
        self.farm.admin.addExternalRepoToTag(tag, name, 10)
        return tag

    def workdir(self, task_id: int) -> Path:
        """Return the directory of a task on the worker."""
        return Path(self.farm.directory, "work", koji.pathinfo.taskrelpath(task_id))

    def logs(self, task_id: int) -> Path:
        """Return where the worker keeps a task's logs."""
        return self.farm.directory / "task-logs" / str(task_id)

    def build_gate(self, task_id: int) -> FileGate:
        """Return where a command of a build waits, in /builddir."""
        return FileGate(self.workdir(task_id), "work/home")

    def install_gate(self) -> FileGate:
        """Return where an installation waits, in the root that it makes."""
        return FileGate(self.farm.state, "roots/staging/*/overlay/merged")

    def tool_gate(self, program: str) -> ToolGate:
        """Close the gate of a program."""
        return ToolGate(self.tools, program)

    def source_package(self, name: str, spec: str) -> str:
        """Make one without sources, and upload it. Returns its path below the hub's work directory."""
        top = self.farm.directory / "srpms" / name
        top.mkdir(parents=True)
        (file := top / f"{name}.spec").write_text(spec)
        defines = ["--define", f"_topdir {top}", "--define", "_rpmformat 4"]
        subprocess.run(["rpmbuild", "-bs", "--quiet", "--nodeps", *defines, str(file)], check=True)
        (srpm,) = top.glob("SRPMS/*.src.rpm")
        return upload_file(self.farm.admin, srpm, f"cli-build/{name}")

    def build_arch(self, source_package: str) -> int:
        """Start a buildArch task, as a build does."""
        options = {"repo_id": self.repo}
        return self.farm.worker_task("buildArch", source_package, self.farm.build_tag, ARCH, False, options)

    def forget(self, package: str) -> None:
        """Take what one of the packages that wait is in out of the cache."""
        self.forget_roots(package)
        for file in (self.farm.state / "packages").glob("*.rpm"):
            if any(
                file.samefile(own) or file.read_bytes() == own.read_bytes() for own in self._files(package)
            ):
                file.unlink()

    def forget_roots(self, package: str) -> None:
        """Take the layers with a package out of the store."""
        self._remove(lambda entry: package in _text(entry / "recipe.json"))

    def forget_metadata(self) -> None:
        """Take all metadata of repositories out of the store."""
        self._remove(lambda entry: entry.name.startswith("metadata-"))

    def _remove(self, unwanted: Callable[[Path], bool]) -> None:
        store = Cache(self.farm.state).store
        keys = [usage.key for usage in store.usages() if unwanted(store.entry(usage.key))]
        for key in keys:
            until(partial(store.remove, key), f"nobody uses {key}")

    def _files(self, package: str) -> list[Path]:
        return [*self.packages.directory.glob(f"noarch/{package}-*.rpm")]


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


@contextmanager
def serving_packages(directory: Path) -> Iterator[HoldingFiles]:
    """Serve a repository of packages that wait while they are installed."""
    for name in (IN_BASE, IN_LAYER):
        rpmbuild(directory, HOLDING_PACKAGE.format(name=name, waiting=waiting("")))
    make_repository(directory)
    with holding_files(directory) as files:
        yield files

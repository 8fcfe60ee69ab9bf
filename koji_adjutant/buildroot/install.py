"""Installing into a root, in two containers: one that downloads, and one that packages' scripts may run in.

The first has the network but runs nobody's code; the second has none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from koji_adjutant.buildroot.arch import resolver_arch
from koji_adjutant.buildroot.config import BuildrootConfig
from koji_adjutant.buildroot.packages import Installed
from koji_adjutant.buildroot.render import dnf_conf
from koji_adjutant.buildroot.toolbox import INSTALL_CAPABILITIES, run_tool
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LogSink, VolumeMount
from koji_adjutant.errors import BuildrootError, DependencyError

FIRST_DBPATH = "/usr/lib/sysimage/rpm"
"""Where a new root's rpm database is made; it then moves to where the root's own rpm looks."""

NEVER_EXPIRES = -1
"""Seconds, to dnf: a root's metadata is looked at by its checksums (key.py), not by its age."""


@dataclass(frozen=True)
class Wanted:
    """What is to be in the root: comps groups, packages by name or provide, and what SRPMs require."""

    groups: Sequence[str] = ()
    packages: Sequence[str] = ()
    srpms: Sequence[Path] = ()


@dataclass(frozen=True)
class Plan:
    """What the resolver found: ``requires`` are those of the first SRPM asked for."""

    changes: bool
    requires: tuple[str, ...]


class Installer:
    """Installs into one root; several times, each in a working directory of its own."""

    def __init__(self, workspace: Workspace, config: BuildrootConfig, log: LogSink) -> None:
        self._workspace = workspace
        self._config = config
        self._log = log
        self._count = 0
        self._work = workspace.workdir / "install"
        self.cache = workspace.workdir / "dnf-cache"
        self._work.mkdir(parents=True, exist_ok=True)
        self.cache.mkdir(exist_ok=True)

    def resolve(self, root: Path, wanted: Wanted, dbpath: str) -> Plan:
        """Resolve against what is installed, and download. DependencyError names what nothing provides."""
        self._count += 1
        work = self.work
        (work / "home").mkdir(parents=True)
        # /proc and /sys are mounted while packages install: rpm must not try to change them
        macros = f"%_netsharedpath /proc:/sys\n%_dbpath {dbpath}\n"
        (work / "home" / ".rpmmacros").write_text(macros)
        (work / "dnf.conf").write_text(dnf_conf(self._config))
        inside = []
        for number, srpm in enumerate(wanted.srpms):
            # the name is the packager's, so a plain one is used
            shutil.copyfile(srpm, work / f"{number}.src.rpm")
            inside.append(f"/work/{number}.src.rpm")
        options = self._config.package_manager
        request = {
            "groups": list(wanted.groups),
            "packages": list(wanted.packages),
            "srpms": inside,
            "conf": "/work/dnf.conf",
            "installroot": "/buildroot",
            "cachedir": "/cache",
            "releasever": options.releasever,
            "forcearch": resolver_arch(self._config),
            "modules": [list(command) for command in options.module_setup_commands],
            "metadata_expire": NEVER_EXPIRES,
        }
        (work / "request.json").write_text(json.dumps(request))
        status = self._run("resolve.py", "resolve", root, network="host")
        plan = self._answer("plan.json", status)
        if plan["missing"] or plan["problems"]:
            raise _unresolvable(plan)
        requires = tuple(plan["requires"].get(inside[0], ())) if inside else ()
        return Plan(bool(plan["install"] or plan["erase"]), requires)

    def transact(self, root: Path, dbpath: str, machine_id: str | None = None) -> Installed:
        """Install what was resolved last; with a ``machine_id``, into an empty root that is then furnished.

        BuildrootError if rpm refuses or a package's script fails.
        """
        work = self.work
        request = {
            "dbpath": dbpath,
            "new_root": machine_id is not None,
            "machine_id": machine_id,
            "ignore_arch": resolver_arch(self._config) is not None,
        }
        (work / "request.json").write_text(json.dumps(request))
        status = self._run("transact.py", "install", root, network="none")
        if status != 0:
            raise BuildrootError(f"packages could not be installed (exit status {status})")
        return Installed.load(work / "installed.json")

    @property
    def work(self) -> Path:
        return self._work / str(self._count)

    def _run(self, program: str, role: str, root: Path, *, network: Any) -> int:
        return run_tool(
            self._workspace,
            program,
            role=role,
            work=self.work,
            root=root,
            log=self._log,
            network=network,
            capabilities=INSTALL_CAPABILITIES if role == "install" else frozenset(),
            mounts=[
                VolumeMount(self.cache, PurePosixPath("/cache")),
                *self._config.repo_mounts,
                *(self._workspace.mounts if role == "resolve" else ()),
            ],
        )

    def _answer(self, name: str, status: int) -> Mapping[str, Any]:
        try:
            document: dict[str, Any] = json.loads((self.work / name).read_text())
        except (FileNotFoundError, ValueError) as error:
            raise BuildrootError(f"the package resolver ended with status {status} and no plan") from error
        return document


def _unresolvable(plan: Mapping[str, Any]) -> DependencyError:
    if plan["missing"]:
        return DependencyError("nothing provides " + ", ".join(plan["missing"]))
    problem = " ".join(" ".join(plan["problems"]).split())
    return DependencyError(f"packages cannot be resolved: {problem}")

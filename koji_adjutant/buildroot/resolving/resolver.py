"""Asking dnf what a root needs: in a container of the tool image that has no network and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from koji_adjutant.buildroot.cache.damage import raise_for_damage
from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.buildroot.resolving.key import question_key
from koji_adjutant.buildroot.resolving.metadata import SEEN_AT, Metadata
from koji_adjutant.buildroot.specification.arch import resolver_arch
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.specification.package_sources import PackageSources
from koji_adjutant.buildroot.specification.plan import Plan, Wanted
from koji_adjutant.buildroot.specification.render import resolver_conf
from koji_adjutant.buildroot.toolbox import run_tool
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LogSink, VolumeMount, write_line
from koji_adjutant.container.tools import write_request
from koji_adjutant.errors import AdjutantError, BuildrootError, DependencyError, TaskStep, at_step

Answer = Mapping[str, Any]
"""What tool/resolve.py writes."""


class Resolver:
    """Answers what has to be installed; an answer is remembered for all tasks of this machine.

    The repositories' metadata is in the store, with what dnf made of it, so that it is downloaded and parsed
    once for all tasks, too.
    """

    def __init__(
        self, workspace: Workspace, config: BuildrootConfig, tool_image_digest: str, log: LogSink
    ) -> None:
        """Read what the repositories have. Raises BuildrootError if one cannot be read."""
        with at_step(TaskStep.DOWNLOAD):
            self._metadata = Metadata(config, partial(write_line, log))
        self._workspace = workspace
        self._config = config
        self._digest = tool_image_digest
        self._log = log
        self._count = 0

    @property
    def package_sources(self) -> PackageSources:
        """Where the packages are available."""
        return self._metadata.package_sources

    def resolve(self, parent: str | None, lowers: Sequence[Path], dbpath: str, wanted: Wanted) -> Plan:
        """Return what has to change in the root made of ``lowers``, topmost first, to have ``wanted`` in it.

        ``parent`` is that root's key (None: there is no root yet), ``dbpath`` where its rpm database is.
        Raises DependencyError, which names what nothing provides, BuildrootError if no resolver is of use.
        """
        answers = self._workspace.cache.answers
        key = question_key(parent, wanted, self._metadata.key, self._config, self._digest)
        known = answers.get(key)
        if known is not None:
            self._log.write(b"Resolved before, from repositories with the same contents\n")
            return Plan.from_json(known)
        plan = self._ask(lowers, dbpath, wanted)
        answers.put(key, plan.as_json())
        return plan

    def _ask(self, lowers: Sequence[Path], dbpath: str, wanted: Wanted) -> Plan:
        self._count += 1
        work = self._workspace.workdir / "resolve" / str(self._count)
        (work / "home").mkdir(parents=True)
        (work / "home" / ".rpmmacros").write_text(f"%_dbpath {dbpath}\n")
        (work / "dnf.conf").write_text(resolver_conf(self._config, SEEN_AT))
        options = self._config.package_manager
        request = {
            "groups": list(wanted.groups),
            "packages": list(wanted.packages),
            "requires": list(wanted.requires),
            "releasever": options.releasever,
            "forcearch": resolver_arch(self._config),
            "modules": [list(command) for command in options.module_setup_commands],
            "repositories": [repository.id for repository in self._config.repositories],
            "package_manager": wanted_resolver(self._config),
        }
        write_request(work, request)
        # a root that is written to, since a database cannot be read otherwise, and thrown away
        below = list(lowers) or [_empty(work)]
        overlay = Overlay(below, work / "root", throwaway=True)
        with self._workspace.mounted(overlay) as root:
            return self._with_metadata(work, root)

    def _with_metadata(self, work: Path, root: Path) -> Plan:
        """Run the resolver on metadata from the store, or on new metadata that the store then has."""

        def compose(staging: Path) -> None:
            with at_step(TaskStep.DOWNLOAD):
                self._metadata.fetch(work / "metadata")
            (staging / "cache").mkdir()
            answer = self._run(work, root, staging / "cache", work / "metadata")
            if not answer["read"]:
                _plan(answer)
                raise BuildrootError("the package resolver could not read the repositories")

        # the image and what the tag says decide which resolver it is, and each has a cache of its own
        digest = self._digest.removeprefix("sha256:")[:16]
        key = f"metadata-{self._metadata.key}-{digest}-{wanted_resolver(self._config)}"
        with self._workspace.cache.store.lease(key, compose) as lease:
            self._workspace.cache_used("metadata", key, not lease.composed)
            if lease.damage:
                self._workspace.damage_found(key, lease.damage)
            if lease.composed:
                return _plan(_answer(work))
            # whatever reads a packager's rpm database must not be able to change what all tasks share
            overlay = Overlay([lease.path / "cache"], work / "cache", throwaway=True)
            try:
                with self._workspace.mounted(overlay) as cache:
                    return _plan(self._run(work, root, cache, None))
            except (AdjutantError, OSError) as error:
                store = self._workspace.cache.store
                raise_for_damage(store, [lease], error, self._workspace.damage_found)
                raise

    def _run(self, work: Path, root: Path, cache: Path, metadata: Path | None) -> Answer:
        mounts = [VolumeMount(cache, PurePosixPath("/cache")), *self._workspace.mounts]
        if metadata is not None:
            mounts.append(VolumeMount(metadata, SEEN_AT, read_only=True))
        status = run_tool(
            self._workspace,
            "resolve.py",
            role="resolve",
            work=work,
            root=root,
            log=self._log,
            mounts=mounts,
        )
        try:
            return _answer(work)
        except (FileNotFoundError, ValueError) as error:
            raise BuildrootError(f"the package resolver ended with status {status} and no plan") from error


def _answer(work: Path) -> Answer:
    answer: Answer = json.loads((work / "plan.json").read_text())
    return answer


def _empty(work: Path) -> Path:
    directory = work / "nothing"
    directory.mkdir()
    return directory


def wanted_resolver(config: BuildrootConfig) -> str:
    """Return what ``mock.package_manager`` means: mock, too, takes dnf 4 if nothing is said."""
    return "dnf5" if config.package_manager.package_manager == "dnf5" else "dnf4"


def _plan(answer: Answer) -> Plan:
    if answer["lacking"]:
        raise BuildrootError(answer["lacking"])
    if answer["missing"]:
        raise DependencyError("nothing provides " + ", ".join(answer["missing"]))
    if answer["problems"]:
        problem = " ".join(" ".join(answer["problems"]).split())
        raise DependencyError(f"packages cannot be resolved: {problem}")
    return Plan.from_json(answer)

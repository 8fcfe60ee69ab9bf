"""Saying, when a task has built something, how that came about: provenance, and a bill of materials."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import requests

from koji_adjutant import __version__
from koji_adjutant.buildroot.build_container import isolation
from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.config import KojidOptions
from koji_adjutant.container.interface import ContainerManager, EngineInfo
from koji_adjutant.errors import SourceError, TaskStep, at_step
from koji_adjutant.hub.files import fetch
from koji_adjutant.provenance.evidence import (
    PROVENANCE,
    SIGNED,
    SOURCE_PROVENANCE,
    SOURCE_SIGNED,
    signer_of,
    write_evidence,
)
from koji_adjutant.provenance.resources import Resource, rpm_resource
from koji_adjutant.provenance.run import BuildRun
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot
from koji_adjutant.text import without_credentials

if TYPE_CHECKING:
    from koji_adjutant.provenance.envelope import Signer

logger = logging.getLogger(__name__)

BY_PRODUCTS = (
    "checkout.log",
    "build.log",
    "installed_pkgs.log",
    "adjutant_lock.json",
    "buildroot_lock.json",
)
"""Files beside the results that do not change any more when a build has ended."""


class TaskEvidence:
    """Writes the evidence of one task's build, where the operator wants it.

    Whatever could fail is done by ``begin``, before anything is built.
    """

    _engine: EngineInfo
    _signer: Signer | None

    def __init__(self, options: KojidOptions, task_id: int, method: str) -> None:
        self._options = options
        self._task = task_id
        self._method = method
        self._began = time.time()
        self._wanted = options.adjutant.provenance

    def begin(self, engine: ContainerManager) -> None:
        """Look at what the build is going to run in. Raises ProvenanceError if the key is of no use."""
        if not self._wanted:
            return
        key = self._options.adjutant.provenance_key
        self._signer = signer_of(key) if key else None
        self._engine = engine.check()

    def source_package(self, path: Path, hub_path: str | None = None) -> list[Resource]:
        """Return what the build is made from; ``hub_path`` is below the hub's work directory."""
        if not self._wanted:
            return []
        top = self._options.topurl
        url = f"{without_credentials(top)}/work/{hub_path}" if top and hub_path else None
        return [rpm_resource(path, url)]

    def bring_that_of_source(self, directory: Path, resultdir: Path, hub_path: str) -> None:
        """Take over what the task that made the source package has said of it: the hub keeps a build's logs.

        Only what a task has made is looked for; a builder of another kind has said nothing.
        """
        if not self._wanted or PurePosixPath(hub_path).parts[0] != "tasks":
            return
        name, copy = (SIGNED, SOURCE_SIGNED) if self._signer else (PROVENANCE, SOURCE_PROVENANCE)
        beside = PurePosixPath("work", hub_path).with_name(name)
        try:
            found = fetch(self._options, directory, str(beside), "nothing is said of the source package")
        except (SourceError, requests.RequestException) as problem:
            logger.info("Task %d: %s", self._task, problem)
            return
        (resultdir / copy).write_bytes(found.read_bytes())

    def write(
        self,
        running: Buildroot,
        record: TaskBuildroot,
        results: Sequence[Path],
        *,
        sources: Sequence[Resource],
        parameters: Mapping[str, Any],
    ) -> None:
        """Write it into resultdir, for upload with the logs; nothing if there is nothing to speak of."""
        if not self._wanted or not results:
            return
        workspace, lock = running.workspace, running.lock()
        hub = without_credentials(self._options.server or "")
        run = BuildRun(
            builder=f"{hub}?host={platform.node()}",
            invocation=f"{hub}?task={self._task}",
            versions={"koji-adjutant": __version__, self._engine.name: self._engine.version},
            method=self._method,
            parameters={"hub": hub, "tag": record.tag_name, "repo_id": record.repoid, **parameters},
            isolation={
                "runtime": self._engine.runtime,
                "rootless": self._engine.rootless,
                **isolation(workspace, running.config),
            },
            began=self._began,
            ended=time.time(),
            sources=sources,
            image=Resource(lock.tool_image_name, {"sha256": lock.tool_image.removeprefix("sha256:")}),
            lock=lock,
            results=results,
            by_products=[path for name in BY_PRODUCTS if (path := workspace.resultdir / name).exists()],
        )
        with at_step(TaskStep.UPLOAD):
            write_evidence(workspace.resultdir, run, self._signer)

"""Saying, when a task has built something, how that came about: provenance, and a bill of materials."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from koji_adjutant import __version__
from koji_adjutant.buildroot.build_container import isolation
from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import TaskStep, at_step
from koji_adjutant.provenance.evidence import signer_of, write_evidence
from koji_adjutant.provenance.resources import Resource
from koji_adjutant.provenance.run import BuildRun
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot

BY_PRODUCTS = ("checkout.log", "build.log", "installed_pkgs.log", "buildroot_lock.json")
"""Files beside the results that do not change any more when a build has ended."""


class TaskEvidence:
    """Writes the evidence of one task's build, which began at ``began`` (seconds since the epoch)."""

    def __init__(self, options: KojidOptions, task_id: int, method: str, began: float) -> None:
        self._options = options
        self._task = task_id
        self._method = method
        self._began = began

    def write(
        self,
        running: Buildroot,
        record: TaskBuildroot,
        results: Sequence[Path],
        *,
        sources: Sequence[Resource],
        parameters: Mapping[str, Any],
    ) -> None:
        """Write it into resultdir, for upload with the logs, if it is wanted.

        Nothing of what it says is asked of the build. Raises ProvenanceError if the key is of no use.
        """
        ours = self._options.adjutant
        if not ours.provenance:
            return
        workspace, lock = running.workspace, running.lock()
        engine = workspace.manager.check()
        hub = self._options.server or ""
        with at_step(TaskStep.UPLOAD):
            signer = signer_of(ours.provenance_key) if ours.provenance_key else None
            run = BuildRun(
                builder=f"{hub}?host={platform.node()}",
                invocation=f"{hub}?task={self._task}",
                versions={"koji-adjutant": __version__, engine.name: engine.version},
                method=self._method,
                parameters={"hub": hub, "tag": record.tag_name, "repo_id": record.repoid, **parameters},
                isolation={
                    "runtime": engine.runtime,
                    "rootless": engine.rootless,
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
            write_evidence(workspace.resultdir, run, signer)

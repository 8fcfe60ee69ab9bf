"""The ``chainbuild`` task: builds in groups, each group with the ones before it in its repo."""

from __future__ import annotations

from collections.abc import Sequence

import koji
from koji.daemon import SCM

from koji_adjutant.hub.tasks import BuildOptions
from koji_adjutant.task_handlers.coordinating import CoordinatingTask


class ChainBuildTask(CoordinatingTask):
    """``chainbuild(srcs, target, opts)`` -> nil: kojid's order of calls, names and messages.

    ``srcs`` is a list of groups. What is in a group is an SCM URL, to be built, or else the N-V-R of a build
    that the next group needs; ``opts`` are for each build. The last group's builds are not waited for in a
    repo.
    """

    Methods = ["chainbuild"]  # noqa: RUF012
    _taskWeight = 0.1  # noqa: N815

    def handler(
        self, srcs: Sequence[Sequence[str]], target: int | str, opts: BuildOptions | None = None
    ) -> None:
        opts = opts or {}
        if opts.get("scratch"):
            raise koji.BuildError("--scratch is not allowed with chain-builds")
        found = self.session.getBuildTarget(target)
        if not found:
            raise koji.GenericError(f"unknown build target: {target}")
        nvrs: list[str] = []
        for level, sources in enumerate(srcs):
            if nvrs:
                self._wait_for_repo(level, found["build_tag_name"], nvrs)
            nvrs = [source for source in sources if not SCM.is_scm_url(source)]
            urls = [(number, source) for number, source in enumerate(sources) if SCM.is_scm_url(source)]
            nvrs += self._build(level, urls, target, opts)

    def _wait_for_repo(self, level: int, tag: str, nvrs: Sequence[str]) -> None:
        task_id = self.subtask(
            method="waitrepo", arglist=[tag, None, nvrs], label=f"wait {level}", parent=self.id
        )
        self.wait(task_id, all=True, failany=True)

    def _build(
        self, level: int, urls: Sequence[tuple[int, str]], target: int | str, opts: BuildOptions
    ) -> list[str]:
        """Build a group's URLs side by side. Returns the N-V-Rs."""
        tasks = [
            self.subtask(
                method="build", arglist=[url, target, opts], label=f"build {level},{number}", parent=self.id
            )
            for number, url in urls
        ]
        if tasks:
            self.wait(tasks, all=True, failany=True)
        builds = [self.session.listBuilds(taskID=task) for task in tasks]
        return [found[0]["nvr"] for found in builds if found]

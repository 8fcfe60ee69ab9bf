"""The ``distRepo`` task: a repository for users, with packages in it, one createdistrepo subtask an arch."""

from __future__ import annotations

from collections.abc import Sequence

import koji

from koji_adjutant.builds.multilib import PARTNERS
from koji_adjutant.hub.rows import TagReference
from koji_adjutant.hub.tasks import DistRepoOptions
from koji_adjutant.task_handlers.coordinating import CoordinatingTask


class DistRepoTask(CoordinatingTask):
    """``distRepo(tag, repo_id, keys, task_opts)`` -> a sentence. The hub has made the repo already."""

    Methods = ["distRepo"]  # noqa: RUF012
    _taskWeight = 0.1  # noqa: N815

    def handler(
        self, tag: TagReference, repo_id: int, keys: Sequence[str], task_opts: DistRepoOptions
    ) -> str:
        info = self.session.getTag(tag, strict=True, event=task_opts["event"])
        task_opts["arch"] = task_opts["arch"] or (info["arches"] or "").split()
        if not task_opts["arch"]:
            raise koji.GenericError("No arches specified nor for the tag!")
        arches = sorted({koji.canonArch(arch) for arch in task_opts["arch"]})
        wide = [arch for arch in arches if arch in PARTNERS]
        narrow = [arch for arch in arches if arch not in wide]
        arguments = [keys, task_opts]
        subtasks = {arch: self._start(tag, repo_id, arch, arguments) for arch in narrow}
        moved = []
        if narrow and task_opts.get("multilib"):
            # where they belong before the others begin: those take packages from there
            self.wait(list(subtasks.values()), all=True, failany=True)
            moved = narrow
            self._move(repo_id, subtasks, moved)
        subtasks |= {arch: self._start(tag, repo_id, arch, arguments) for arch in wide}
        self.wait(list(subtasks.values()), all=True, failany=True)
        self._move(repo_id, subtasks, [arch for arch in subtasks if arch not in moved])
        self.session.host.repoDone(repo_id, {})
        return f"Dist repository #{repo_id} successfully generated"

    def _start(self, tag: TagReference, repo_id: int, arch: str, arguments: Sequence[object]) -> int:
        return self.subtask(
            method="createdistrepo",
            arglist=[tag, repo_id, arch, *arguments],
            label=arch,
            parent=self.id,
            arch="noarch",
        )

    def _move(self, repo_id: int, subtasks: dict[str, int], arches: Sequence[str]) -> None:
        """Have what the subtasks uploaded put in place."""
        for arch in arches:
            self.session.host.distRepoMove(repo_id, koji.pathinfo.taskrelpath(subtasks[arch]), arch)

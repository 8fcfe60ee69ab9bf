"""A build that has ended well, to be done again: its lock, its source package, what it made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from koji.tasks import parse_task_params

from koji_adjutant.buildroot.specification import lock as locks
from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import NotFound, UsageError
from koji_adjutant.hub.files import fetch
from koji_adjutant.hub.session import asked
from koji_adjutant.reproduction.task_files import lock_of_task, source_of_task
from koji_adjutant.rpm.header import RpmHeader, Tag

METHOD = "buildArch"


@dataclass(frozen=True)
class FinishedBuild:
    """Files on this machine; ``arch`` is the task's, None where nobody says."""

    lock: Path
    srpm: Path
    rpms: Sequence[Path]
    arch: str | None


def build_of_task(options: KojidOptions, task_id: int, directory: Path) -> FinishedBuild:
    """Return what a buildArch task was given and made; ``directory`` is for what is fetched of the hub.

    Raises UsageError for a task that makes no binary packages, NotFound for what is not there any more.
    """
    lock = lock_of_task(options, task_id, directory)
    srpm = source_of_task(options, task_id, directory)
    with asked(options, f"task {task_id}") as session:
        task = session.getTaskInfo(task_id, strict=True, request=True)
        if task["method"] != METHOD or srpm is None:
            raise UsageError(
                f"Task {task_id} is a {task['method']}: packages of {METHOD} tasks are compared."
            )
        result = session.getTaskResult(task_id)
        missing = f"A package of task {task_id} is not on the hub any more"
        rpms = [fetch(options, directory, f"work/{path}", missing) for path in result["rpms"]]
        if not rpms:
            raise UsageError(f"Task {task_id} made no packages to compare.")
        arch = parse_task_params(METHOD, task["request"])["arch"]
    return FinishedBuild(lock, srpm, rpms, arch)


def build_of_directory(directory: Path) -> FinishedBuild:
    """Return the build whose lock, source package and packages a directory has. Raises NotFound."""
    packages = [(path, RpmHeader(path)) for path in sorted(directory.glob("*.rpm"))]
    sources = [path for path, header in packages if header.is_source]
    rpms = [path for path, header in packages if not header.is_source]
    if len(sources) != 1 or not rpms:
        raise NotFound(
            f"{directory} has {len(sources)} source packages and {len(rpms)} others: one and some are needed."
        )
    # what rpmbuild was told to build for; older ones say noarch of noarch packages, whatever that was
    target = (RpmHeader(rpms[0]).text(Tag.PLATFORM) or "").partition("-")[0]
    arch = "noarch" if target == "noarch" else None
    return FinishedBuild(locks.lock_in(directory), sources[0], rpms, arch)

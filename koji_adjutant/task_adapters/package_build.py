"""Building packages for a task: the build itself, and telling the hub what was installed for it."""

from __future__ import annotations

from pathlib import Path

import koji

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.builds.rpms import RpmBuild, build_rpms
from koji_adjutant.task_adapters.container_task import ContainerTask
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot


def build_packages(
    task: ContainerTask, buildroot: TaskBuildroot, running: Buildroot, srpm: Path, arch: str
) -> RpmBuild:
    """Build, and report what was installed for it whether the build went well or not."""
    try:
        with task.live_logs.following():
            built = build_rpms(running, srpm, arch=arch)
    except koji.BuildError:
        task.report_again(buildroot, running)
        raise
    task.report_again(buildroot, running)
    return built

"""What the tasks that work in a buildroot have in common: its life, here and on the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.buildroot.build_container import Privileges
from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.rpms import RpmBuild, build_rpms
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.hub.rows import HostRow, TagReference
from koji_adjutant.hub.tag_config import koji_arches
from koji_adjutant.hub.taken_away import stopped_if_taken_away
from koji_adjutant.task_adapters.container_task import ContainerTask
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot
from koji_adjutant.task_adapters.task_evidence import TaskEvidence


class BuildrootTask(ContainerTask):
    """A task with a buildroot: ``record`` is the hub's side of it, ``running`` is where commands run.

    Logs are followed while a buildroot is made and while a recipe runs in it: the hub is not to be called
    then.
    """

    @cached_property
    def evidence(self) -> TaskEvidence:
        """Return what says how the results came about."""
        return TaskEvidence(self.options, self.id, self.method)

    @contextmanager
    def buildroot(
        self,
        record: TaskBuildroot,
        *,
        privileges: Privileges | None = None,
        source_mounts: Sequence[VolumeMount] = (),
    ) -> Iterator[Buildroot]:
        """Open the buildroot, in a workspace of its own, and report to the hub what it was made of.

        The record is EXPIRED in the end. What goes wrong is as with ``open_workspace`` and
        ``open_buildroot``.
        """
        with (
            self.buildroot_workspace(record, source_mounts) as workspace,
            self.reported_buildroot(workspace, record, privileges) as running,
        ):
            yield running

    @contextmanager
    def buildroot_workspace(
        self, record: TaskBuildroot, source_mounts: Sequence[VolumeMount] = ()
    ) -> Iterator[Workspace]:
        """Open the workspace alone, for a task that has something to do before its buildroot is made."""
        with (
            record.expired_in_the_end(),
            self.open_workspace(
                record.tag_name, record.config.arch, repo_id=record.repoid, source_mounts=source_mounts
            ) as workspace,
        ):
            self.evidence.begin(workspace.manager)
            yield workspace

    @contextmanager
    def reported_buildroot(
        self, workspace: Workspace, record: TaskBuildroot, privileges: Privileges | None = None
    ) -> Iterator[Buildroot]:
        """Open the buildroot, and report to the hub what it was made of."""
        with self.followed_buildroot(workspace, record, privileges) as running:
            packages = running.installed_packages()
            self.buildroot_json.set_buildroot(record.id, record.config, packages)
            record.report(packages)
            yield running

    @contextmanager
    def followed_buildroot(
        self, workspace: Workspace, record: TaskBuildroot, privileges: Privileges | None = None
    ) -> Iterator[Buildroot]:
        """Open the buildroot, with logs followed until it is made.

        That of a task which the hub has taken away is not kept.
        """
        with ExitStack() as stack, stopped_if_taken_away(self.id):
            with self.live_logs.following(goes_on=True):
                running = stack.enter_context(open_buildroot(workspace, record.config, privileges))
            yield running

    def report_again(self, record: TaskBuildroot, running: Buildroot) -> None:
        """Report what it consists of after a step of the build, whether that went well or not."""
        packages = running.installed_packages()
        self.buildroot_json.set_buildroot(record.id, record.config, packages)
        record.report_again(packages)

    def build_packages(
        self, record: TaskBuildroot, running: Buildroot, srpm: Path, arch: str, usual_seconds: float = 0
    ) -> RpmBuild:
        """Build, and report what was installed for it whether the build went well or not.

        What is not said here is as with ``build_rpms``.
        """
        try:
            with self.live_logs.following():
                built = build_rpms(running, srpm, arch=arch, usual_seconds=usual_seconds)
        except koji.BuildError:
            self.report_again(record, running)
            raise
        self.report_again(record, running)
        return built

    def tag_is_for_this_host(
        self, tag_of: Callable[[Mapping[str, Any]], TagReference], host: HostRow
    ) -> bool:
        """Check as kojid does whether host and tag have an arch in common, or the tag has none at all.

        ``tag_of`` picks the tag from the task's arguments. A task of which that cannot be said is for every
        host: the one that takes it fails it and says why. A stock builder refuses it, as all others do in
        their turn, and the task is free for ever.
        """
        try:
            tag = tag_of(self.arguments())
            reference: Any = (tag.get("id") or tag.get("name")) if isinstance(tag, dict) else tag
            config = self.session.getBuildConfig(reference)
        except (koji.AuthError, koji.ServerOffline):
            raise  # this says nothing of the task
        except (koji.GenericError, koji.xmlrpcplus.Fault) as problem:
            self.logger.warning("Task %d is taken, to fail: %s", self.id, problem)
            return True
        if not config or not config["arches"]:
            return True  # it fails, too
        return bool(koji_arches(config["arches"]) & set(host["arches"].split()))

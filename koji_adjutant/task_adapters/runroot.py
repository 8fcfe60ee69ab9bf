"""The ``runroot`` task of the stock plugin: a command, as root, in a buildroot of a tag."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated

import koji
import koji.util

from koji_adjutant.buildroot.build_container import Privileges
from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.status import PACKAGE_MANAGER_FAILED
from koji_adjutant.builds.root_command import ROOT_CAPABILITIES, copy_out, run_command
from koji_adjutant.config.runroot import RunrootConfig
from koji_adjutant.errors import BuildrootError, CommandFailed, DependencyError, TaskStep, at_step
from koji_adjutant.hub.arguments import Arch, Flag, Restriction
from koji_adjutant.hub.tag_config import koji_arches
from koji_adjutant.task_adapters.buildroot_task import BuildrootTask
from koji_adjutant.task_adapters.live_logs import WHOLE_FILES
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot

WEIGHT_MIN = 0.5
"""The least that a task may ask to weigh."""
Weight = Annotated[float, Restriction("a weight like 2.0", lambda weight: -1e6 < weight < 1e6)]
USABLE_REPO_STATES = (koji.REPO_READY, koji.REPO_EXPIRED)


class RunRootTask(BuildrootTask):
    """``runroot(root, arch, command, …)`` -> "<command> completed successfully".

    ``root`` is a tag; ``command`` a list, or text for the buildroot's shell; ``mounts`` are writable and must
    be allowed by runroot.conf; ``upload_logs`` are absolute paths in the buildroot. ``keep`` and
    ``new_chroot`` mean nothing here. The network is on.
    """

    Methods = ["runroot"]  # noqa: RUF012
    _taskWeight = 2.0  # noqa: N815

    def handler(
        self,
        root: int | str,
        arch: Arch,
        command: str | Sequence[str],
        keep: Flag = False,  # noqa: ARG002
        packages: Sequence[str] | None = (),
        mounts: Sequence[str] | None = (),
        repo_id: int | None = None,
        skip_setarch: Flag = False,
        weight: Weight | None = None,
        upload_logs: Sequence[str] | None = None,
        new_chroot: Flag = None,  # noqa: ARG002
    ) -> str:
        config = RunrootConfig.read(self.adjutant.plugin_config_dir / "runroot.conf")
        privileges = Privileges(ROOT_CAPABILITIES, config.mounts(mounts or ()))
        if weight is not None:
            self.session.host.setTaskWeight(self.id, max(weight, WEIGHT_MIN))
        record = TaskBuildroot.new(
            self.session,
            self.options,
            task_id=self.id,
            tag=root,
            arch=self._buildroot_arch(root, arch),
            repo_id=self._repo(root, repo_id),
            network=True,
            # runroot.conf says what its commands, which run as root, see of the host
            host_access=False,
        )
        with self.buildroot(record, privileges=privileges) as running:
            record.building()
            if packages:
                self._install(record, running, packages)
            with self.live_logs.following(), at_step(TaskStep.COMMAND):
                status = run_command(running, command, skip_setarch=bool(skip_setarch))
            missing = self._upload(running, upload_logs or ())
            name = _command_name(command)
            if status != 0:
                with at_step(TaskStep.COMMAND):
                    raise CommandFailed(koji.util.parseStatus(status << 8, name))
            if missing:
                raise koji.GenericError(f"upload_logs: the buildroot has no file {', '.join(missing)}")
        return f"{name} completed successfully"

    def _buildroot_arch(self, root: int | str, arch: str) -> str:
        """Return the arch; for noarch the first of the tag's that this host has, as the stock plugin does."""
        if arch != "noarch":
            return arch
        ours = self.session.host.getHost()["arches"]
        if not ours:
            raise koji.BuildError("No arch list for this host")
        wanted = self.session.getBuildConfig(root)["arches"]
        if not wanted:
            raise koji.BuildError(f"No arch list for tag: {root}")
        for one in wanted.split():
            if koji.canonArch(one) in koji_arches(ours):
                return str(koji.canonArch(one))
        raise koji.BuildError(f"host does not match tag arches: {root} ({wanted})")

    def _repo(self, root: int | str, repo_id: int | None) -> int:
        """Return the repo that was asked for, the newest, or the one that there will be."""
        if not repo_id:
            repo = self.session.getRepo(root)
            if not repo:
                waiting = self.session.host.subtask(
                    method="waitrepo", arglist=[root, None, None], parent=self.id
                )
                repo = self.wait(waiting)[waiting]
            return int(repo["id"])
        repo = self.session.repoInfo(repo_id, strict=True)
        if root not in (repo["tag_name"], repo["tag_id"]):
            raise koji.BuildError(f"build tag ({root}) does not match repo tag ({repo['tag_name']})")
        if repo["state"] not in USABLE_REPO_STATES:
            state = koji.REPO_STATES[repo["state"]]
            raise koji.BuildError(f"repos in the {state} state may not be used by runroot")
        return repo_id

    def _install(self, record: TaskBuildroot, running: Buildroot, packages: Sequence[str]) -> None:
        try:
            with self.live_logs.following():
                running.install(packages)
        except (DependencyError, BuildrootError) as problem:
            self.report_again(record, running)
            command = ["mock", "--install", *packages]
            raise BuildrootError(
                f"{koji.util.parseStatus(PACKAGE_MANAGER_FAILED << 8, command)}: {problem}"
            ) from problem
        self.report_again(record, running)

    def _upload(self, running: Buildroot, paths: Sequence[str]) -> list[str]:
        """Upload files of the buildroot by their names. Returns the paths where there is none that may be.

        runroot.log is uploaded as it grows.
        """
        directory = running.workspace.workdir / "upload"
        directory.mkdir()
        missing = []
        for number, path in enumerate(map(PurePosixPath, paths)):
            copy = directory / str(number)
            if (
                path.is_absolute()
                and path.name not in ("", "..", *WHOLE_FILES)
                and copy_out(running, path, copy)
            ):
                self.uploadFile(str(copy), remoteName=path.name)
            else:
                missing.append(str(path))
        return missing


def _command_name(command: str | Sequence[str]) -> str:
    """Return the first word that sets no variable, as the stock plugin does."""
    words = command.split() if isinstance(command, str) else command
    words = [word for word in words if "=" not in word]
    return PurePosixPath(words[0]).name if words else "(none)"

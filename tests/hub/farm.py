"""A real worker at work for the hub under test, with a distribution and a git server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import koji
from cryptography.hazmat.primitives.asymmetric import ed25519

from koji_adjutant.container.interface import LABEL_PREFIX, ContainerManager
from tests.distribution.seeds import GROUPS
from tests.hub.builder import ARCH
from tests.hub.git_server import GitServer, serve_git
from tests.hub.names import unique
from tests.hub.rpms import query
from tests.hub.server import Hub
from tests.support.http_server import serving_files
from tests.support.keys import write_keys
from tests.support.mail_server import MailServer, serve_mail
from tests.support.ports import reserved_port
from tests.support.waiting import PATIENCE, until

CONFIGURATION = """\
[kojid]
server = {hub.url}
topurl = {hub.files_url}
topdir = {hub.topdir}
workdir = {directory}/work
user = {hub.worker.name}
password = {hub.worker.password}
maxjobs = {maxjobs}
sleeptime = {sleeptime}
minspace = 1
copy_old_repodata = True
allowed_scms = 127.0.0.1*:/*:no:make,sources
smtphost = {mail.address}
build_arch_can_fail = true
pluginpath = {directory}/builder-plugins
plugin = runroot save_failed_tree conformance

[adjutant]
state_dir = {state}
podman_socket = {podman_socket}
task_image_default = {image}
log_dir = {directory}/task-logs
disk_limit = 2G
log_file = {directory}/kojid-file.log
plugin_config_dir = {directory}/plugin-config
monitoring_bind = {dashboard}
# the git server listens on this machine's loopback only
network_mode = host
site_defaults = {directory}/site-defaults.cfg
macros = %lent_macro from the builder
build_mounts =
    {directory}/lent:/srv/lent:ro tag=lent-* channel=default
    {directory}/lent:/srv/nobodys tag=lent-* channel=nobodys
    {directory}/missing:/srv/missing tag=missing-*
build_devices = /dev/zero tag=lent-*
provenance_key = {directory}/provenance.pem
{settings}
"""

SITE_DEFAULTS = """\
config_opts['macros']['%host_macro'] = 'of the host'
config_opts['environment']['HOST_VARIABLE'] = 'of the host, too'
config_opts['hostname'] = 'builder.example.com'
"""

RUNROOT = """\
[paths]
default_mounts = /mnt/read-only
safe_roots = /mnt/shared

[path0]
mountpoint = /mnt
path = {directory}/mounted
fstype = none
options = ro,bind
"""

FINISHED = [koji.TASK_STATES[name] for name in ("CLOSED", "CANCELED", "FAILED")]


@dataclass(frozen=True)
class Farm:
    """Everything about the worker and what it builds for.

    ``build_tag`` has the distribution as its external repo ``external``, ``tag`` is where builds go.
    ``dashboard`` is the address where the worker can be watched, ``image`` its tool image. ``podman_socket``:
    of an engine that is not the private one of ``state``. ``settings`` are more lines of ``[adjutant]``,
    ``sleeptime`` (seconds) and ``maxjobs`` are kojid's options.
    """

    hub: Hub
    admin: Any
    git: GitServer
    mail: MailServer
    directory: Path
    engine: ContainerManager
    state: Path
    target: str
    build_tag: str
    tag: str
    external: str
    dashboard: str
    image: str
    podman_socket: str = ""
    settings: str = ""
    sleeptime: int = 1
    maxjobs: int = 8

    def publish(self, name: str, files: dict[str, str]) -> str:
        """A package's git URL, with the package listed in the destination tag."""
        self.admin.packageListAdd(self.tag, name, owner=self.hub.admin.name)
        return self.git.publish(name, files)

    def build(self, source: str, **options: Any) -> int:
        """Start a build as ``koji build`` does; its task."""
        return int(self.admin.build(source, self.target, options))

    def worker_task(self, method: str, *arguments: Any) -> int:
        """A task of that method that is this worker's."""
        host = self.admin.getHost(self.hub.worker.name)["id"]
        return int(self.admin.makeTask(method, list(arguments), assign=host, arch=ARCH))

    def finished(self, task: int) -> str:
        """The state that the task ended in."""
        info = until(lambda: self._finished(task), f"task {task} ends; the worker's log:\n{self.log_tail()}")
        return str(koji.TASK_STATES[info["state"]])

    def closed(self, task: int) -> Any:
        """The result of a task that must succeed."""
        assert self.finished(task) == "CLOSED", self.failure(task)
        return self.admin.getTaskResult(task)

    def failure(self, task: int) -> koji.GenericError:
        """The error of a task that must fail."""
        assert self.finished(task) == "FAILED"
        try:
            self.admin.getTaskResult(task)
        except koji.GenericError as error:
            return error
        raise AssertionError(f"task {task} failed without a fault")

    def children(self, task: int) -> dict[str, dict[str, Any]]:
        """The subtasks by label, without a wait for the repo: whether one was needed is a matter of luck."""
        children = {child["label"]: child for child in self.admin.getTaskChildren(task)}
        children.pop("waitrepo", None)
        return children

    def containers(self, task: int) -> list[str]:
        """Names of the containers that exist for a task, running or not."""
        return [found.name for found in self.engine.list_containers({f"{LABEL_PREFIX}task_id": str(task)})]

    def header(self, path: str, what: str) -> str:
        """Something in the header of an RPM, given by its path in a task's result."""
        assert self.hub.topdir is not None
        return query(self.hub.topdir / "work" / path, what)

    def log(self, task: int, name: str) -> str:
        """What has been uploaded of a log so far."""
        if name not in self.admin.listTaskOutput(task):
            return ""
        return str(self.admin.downloadTaskOutput(task, name).decode(errors="replace"))

    def is_finished(self, task: int) -> bool:
        """Whether it has ended, in whatever way."""
        return self._finished(task) is not None

    def _finished(self, task: int) -> dict[str, Any] | None:
        info: dict[str, Any] = self.admin.getTaskInfo(task)
        return info if info["state"] in FINISHED else None

    def log_tail(self, lines: int = 30) -> str:
        """The end of the worker's log, for the message of a failure."""
        return "\n".join((self.directory / "kojid.log").read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def run_farm(
    hub: Hub,
    admin: Any,
    directory: Path,
    engine: ContainerManager,
    state: Path,
    image: str,
    distribution: Path,
    *,
    ends_itself: bool = False,
    **options: Any,
) -> Iterator[Farm]:
    """A worker in a process of its own, a target, and a repo that is ready to build with.

    ``engine`` is the one of the worker's ``state`` directory and has the tool ``image``; ``distribution`` is
    the directory of a dnf repository. The worker must outlive the block, unless it ``ends_itself``.
    ``options`` are the farm's: settings, sleeptime, maxjobs.
    """
    with ExitStack() as stack:
        (directory / "git").mkdir()
        git = stack.enter_context(serve_git(directory / "git"))
        mail = stack.enter_context(serve_mail())
        url = f"{stack.enter_context(serving_files(distribution))}/"
        names: dict[str, Any] = {name: unique(name) for name in ("target", "build_tag", "tag", "external")}
        dashboard = f"127.0.0.1:{stack.enter_context(reserved_port())}"
        farm = Farm(
            hub,
            admin,
            git,
            mail,
            directory,
            engine,
            state,
            **names,
            dashboard=dashboard,
            image=image,
            **options,
        )
        make_target(farm, url)
        stack.enter_context(run_worker(farm, ends_itself=ends_itself))
        wait_for_repo(farm)
        yield farm


def make_target(farm: Farm, distribution: str) -> None:
    """A build tag on the distribution's URL that also inherits what was built."""
    admin = farm.admin
    admin.createTag(farm.tag, None)
    admin.createTag(farm.build_tag, farm.tag, arches=ARCH)
    admin.createBuildTarget(farm.target, farm.build_tag, farm.tag)
    admin.createExternalRepo(farm.external, distribution)
    admin.addExternalRepoToTag(farm.build_tag, farm.external, 10)
    for group, members in (*GROUPS.items(), ("wrapper-rpm-build", GROUPS["build"])):
        admin.groupListAdd(farm.build_tag, group)
        for member in members:
            admin.groupPackageListAdd(farm.build_tag, group, member)


def wait_for_repo(farm: Farm, build_tag: str | None = None) -> int:
    """The id of a repo that has all changes of a build tag so far: of the farm's, if no other is named."""
    reply = farm.admin.repo.request(build_tag or farm.build_tag, min_event="last")
    if reply["repo"]:
        return int(reply["repo"]["id"])
    request = reply["request"]["id"]
    done = until(lambda: finished_request(farm.admin, request), f"repo request {request}\n{farm.log_tail()}")
    assert done["repo"], f"repo request {request} failed\n{farm.log_tail()}"
    return int(done["repo"]["id"])


def finished_request(admin: Any, request: int) -> dict[str, Any] | None:
    reply: dict[str, Any] = admin.repo.checkRequest(request)
    return None if reply["request"]["active"] else reply


def start_worker(farm: Farm) -> subprocess.Popen[bytes]:
    """The daemon, for a farm that has its configuration; what it says is added to ``kojid.log``."""
    options = ("-c", str(farm.directory / "kojid.conf"), "-f", "--force-lock", "-v")
    command = [sys.executable, "-m", "koji_adjutant.kojid", *options]
    with (farm.directory / "kojid.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"PYTHONUNBUFFERED": "1"})


@contextmanager
def run_worker(farm: Farm, *, ends_itself: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon, stopped by SIGTERM in the end as a service manager does it, unless it ``ends_itself``."""
    for name in ("work", "task-logs", "plugin-config", "lent", "mounted/read-only", "mounted/shared"):
        (farm.directory / name).mkdir(parents=True)
    shutil.copytree(Path(__file__).parent / "builder_plugins", farm.directory / "builder-plugins")
    write_keys(farm.directory, ed25519.Ed25519PrivateKey.generate(), "provenance")
    (farm.directory / "lent" / "word").write_text("lent by the host\n")
    (farm.directory / "site-defaults.cfg").write_text(SITE_DEFAULTS)
    (farm.directory / "plugin-config/runroot.conf").write_text(RUNROOT.format(**vars(farm)))
    (farm.directory / "kojid.conf").write_text(CONFIGURATION.format(**vars(farm)))
    process = start_worker(farm)
    try:
        yield process
        assert ends_itself or process.poll() is None, "the worker ended by itself"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)

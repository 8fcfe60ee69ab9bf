"""Containers, monitors and podman's service that go away in mid-build: this builder's fault, and said so."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import koji
import pytest

from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.explanation import explain
from koji_adjutant.builds.failure import StepFailedError, kojid_message_on_failure
from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.container.podman_service import _command_lines
from koji_adjutant.errors import BuildPrevented, TaskStep, at_step
from tests.support.waiting import until

# it ends by itself, since podman may keep the output open until the command has ended
COMMAND = ["bash", "-c", "echo it runs; while sleep 0.2; do [ ! -e /builddir/go ] || exit 0; done"]


def processes(*words: str) -> list[int]:
    """The processes with all of these words in their command lines."""
    return [pid for pid, line in _command_lines() if all(word in line for word in words)]


def removed(manager: PodmanManager, container: str) -> None:
    manager.remove(container)


def without_command_monitor(_manager: PodmanManager, container: str) -> None:
    for pid in processes(container, "--exec-attach"):
        os.kill(pid, signal.SIGKILL)


def without_monitor(_manager: PodmanManager, container: str) -> None:
    for pid in set(processes(container)) - set(processes(container, "--exec-attach")):
        os.kill(pid, signal.SIGKILL)


def without_service(manager: PodmanManager, _container: str) -> None:
    for pid in processes(manager.connection.address, "service"):
        os.kill(pid, signal.SIGKILL)


Fault = Callable[[PodmanManager, str], None]


@contextmanager
def running(workspace: Workspace, root: Buildroot, fault: Fault) -> Iterator[None]:
    """Have the fault happen while the block's command runs, which then ends."""
    log, manager = workspace.resultdir / "build.log", workspace.manager
    assert isinstance(manager, PodmanManager)

    def act() -> None:
        until(lambda: log.exists() and "\nit runs\n" in log.read_text(), "the command runs")
        (container,) = manager.list_containers({LABEL_PREFIX + "task_id": workspace.owner.task_id})
        try:
            fault(manager, container.id)
        finally:
            (root.home / "go").touch()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(act)
        yield
        done.result()


def build(workspace: Workspace, root: Buildroot) -> None:
    with kojid_message_on_failure("error building package (arch x86_64)"), at_step(TaskStep.BUILD):
        status = root.run(COMMAND, log=workspace.resultdir / "build.log")
        raise StepFailedError(10, "build.log", f"exit status {status}")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        # podman may still show what it is just removing
        (
            removed,
            "(a container went away while a command ran in it: "
            r"|the buildroot's container is (exited|not to be found \(.*\)): )",
        ),
        (without_command_monitor, "podman lost track of exec "),
        (without_service, "podman's service ended while a command ran, and took its output with it"),
    ],
)
def test_what_ends_a_build_from_outside(
    workspace: Workspace, config: BuildrootConfig, fault: Fault, sentence: str
) -> None:
    with open_buildroot(workspace, config) as root:
        with running(workspace, root, fault), pytest.raises(BuildPrevented) as failure:
            build(workspace, root)
        first_line = (
            "error building package (arch x86_64), mock exited with status 1; see build.log or root.log"
        )
        assert str(failure.value).startswith(first_line)
        assert failure.value.faultCode == koji.BuildError.faultCode
        why = explain(failure.value, workspace.resultdir)
        assert (why.failure, why.step) == ("infrastructure", "build")
        assert re.match(sentence, why.sentence)


def test_a_container_that_is_gone_when_its_command_has_ended(
    workspace: Workspace, config: BuildrootConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exec_and_remove(container: str, *_args: object, **_options: object) -> int:
        workspace.manager.remove(container)
        return 137

    with open_buildroot(workspace, config) as root:
        monkeypatch.setattr(workspace.manager, "exec", exec_and_remove)
        with pytest.raises(BuildPrevented) as failure:
            build(workspace, root)
    sentence = explain(failure.value, workspace.resultdir).sentence
    assert re.match(r"the buildroot's container is not to be found \(.*no such container.*\): ", sentence)


def test_a_containers_monitor_is_not_needed(workspace: Workspace, config: BuildrootConfig) -> None:
    """The build goes on, and nothing is left of it."""
    with open_buildroot(workspace, config) as root:
        with running(workspace, root, without_monitor):
            assert root.run(COMMAND, log=workspace.resultdir / "build.log") == 0
        assert root.capture(["true"]) == (0, b"")
    assert workspace.manager.list_containers({LABEL_PREFIX + "task_id": workspace.owner.task_id}) == []

"""The container engine, tried out: it starts containers as tasks do."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.files.overlay import Overlay, mounted
from koji_adjutant.cli.checks.buildroot import check_buildroot
from koji_adjutant.cli.checks.result import CheckResult, Level, failing
from koji_adjutant.cli.local_workspace import temporary_directory
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import (
    ContainerManager,
    ContainerSpec,
    DirectoryRoot,
    ImageRoot,
    NetworkMode,
    Owner,
    VolumeMount,
)
from koji_adjutant.errors import EngineError
from koji_adjutant.images.proof import prove

SYSTEM = ("usr", "bin", "sbin", "lib", "lib64")
"""Of the host, seen by the container that tries copy-on-write."""


def check_engine(options: AdjutantOptions) -> Iterator[CheckResult]:
    with open_engine(options) as manager:
        about = manager.check()
        user = "without root's rights" if about.rootless else "as root"
        yield CheckResult(Level.OK, "podman", f"{about.name} {about.version} with {about.runtime}, {user}")
        yield from _limits(options, about.controllers)
        yield from failing("containers", _copy_on_write(options, manager))
        yield from failing("tool image", _tool_image(options, manager))


def _limits(options: AdjutantOptions, controllers: frozenset[str]) -> Iterator[CheckResult]:
    wanted = {
        "memory": options.memory_limit is not None,
        "cpu": options.cpu_limit is not None,
        "pids": bool(options.pids_limit),
    }
    for controller, is_set in wanted.items():
        if is_set and controller not in controllers:
            yield CheckResult(
                Level.WARN,
                "limits",
                f"this host's control groups have no {controller} controller, so {controller}_limit is not "
                "kept: boot with the unified hierarchy (cgroup v2), or delegate the controller to this user",
            )


def _copy_on_write(options: AdjutantOptions, manager: ContainerManager) -> Iterator[CheckResult]:
    """Start a container over an overlay, let it write, and look whether what lies below has changed."""
    if not _is_here(options):
        yield CheckResult(
            Level.WARN,
            "containers",
            f"not tried: the engine is at {options.podman_socket}, on another machine",
        )
        return
    with temporary_directory(options.state_dir) as work:
        root = work / "root"
        _make_root(root)
        started = time.monotonic()
        with mounted(Overlay([root], work / "overlay"), f"local-{os.getpid()}") as merged:
            said = _run(
                manager,
                DirectoryRoot(merged),
                ["/bin/sh", "-c", "echo written >/probe && cat /probe"],
                mounts=[
                    VolumeMount(Path("/", name), PurePosixPath("/", name), read_only=True)
                    for name in SYSTEM
                    if not (root / name).is_symlink() and (root / name).is_dir()
                ],
            )
        seconds = time.monotonic() - started
        if said != "written" or (root / "probe").exists():
            raise EngineError(f"a container over an overlay did not work copy-on-write: {said!r}")
    yield CheckResult(
        Level.OK, "containers", f"one started copy-on-write, wrote and was gone in {seconds:.1f} s"
    )


def _is_here(options: AdjutantOptions) -> bool:
    """Return whether the engine is on this machine."""
    return not options.podman_socket or options.podman_socket.startswith("unix:")


def _tool_image(options: AdjutantOptions, manager: ContainerManager) -> Iterator[CheckResult]:
    reference = options.task_image_default
    image = manager.ensure_image_available(reference, options.image_pull_policy)
    said = f"{reference} is there, for {image.architecture}"
    proof = prove(manager, image.id)
    if proof.wrong:
        wrong = "; ".join(proof.wrong)
        yield CheckResult(Level.FAIL, "tool image", f"{said}, but {wrong}: repair it, or use another image")
        return
    yield CheckResult(Level.OK, "tool image", f"{said}, and its tools work")
    for sentence in proof.lacking:
        yield CheckResult(Level.WARN, "tool image", f"{reference}: {sentence}")
    if _is_here(options):
        yield from failing("buildroot", check_buildroot(options, manager, image.id))
    network = options.task_network
    if network != "none":
        yield from failing("network", _network(manager, reference, network))


def _network(manager: ContainerManager, reference: str, network: NetworkMode) -> Iterator[CheckResult]:
    _run(manager, ImageRoot(reference), ["/bin/sh", "-c", ":"], network=network)
    yield CheckResult(Level.OK, "network", f"checkouts get one ({network})")


def _run(
    manager: ContainerManager,
    root: DirectoryRoot | ImageRoot,
    command: list[str],
    *,
    mounts: list[VolumeMount] | None = None,
    network: NetworkMode = "none",
) -> str:
    """Return what the command says. Raises EngineError if it fails."""
    output = io.BytesIO()
    owner = Owner(task_id=f"local-{os.getpid()}", worker_id="check")
    spec = ContainerSpec(root, command, owner, "check", mounts=mounts or [], network=network)
    status = manager.run(spec, output)
    said = output.getvalue().decode(errors="replace").strip()
    if status != 0:
        raise EngineError(f"a container that should do nothing ended with status {status}: {said}")
    return said


def _make_root(root: Path) -> None:
    """Make a root file system with nothing of its own: the host's programs are mounted into it."""
    root.mkdir()
    for name in ("dev", "etc", "proc", "run", "sys", "tmp"):
        (root / name).mkdir()
    for name in SYSTEM:
        host = Path("/", name)
        if host.is_symlink():
            (root / name).symlink_to(host.readlink())
        elif host.is_dir():
            (root / name).mkdir()

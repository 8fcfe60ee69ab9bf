"""What lets a person see what was done and do it again: container.log and buildroot-init.sh."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.buildroot.progress import write_stamped
from koji_adjutant.buildroot.specification.config import SHELL
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import ContainerSpec, DirectoryRoot

WAIT = ("/bin/bash", "-c", "while :; do sleep 86400 & wait $!; [ $? -ne 127 ] || exit 127; done")
"""A buildroot's PID 1: waits, and reaps what builds leave behind (bash does so by itself). 127 is a root
without sleep."""

SCRIPT = "buildroot-init.sh"
_SCRIPT_HEAD = """\
#!/bin/bash
# What was done for this buildroot, in order: overlays, each with a directory of its own for what is written;
# containers that resolve and install packages (unless that was in the cache); a shell in the buildroot each
# time that a container was started for the build. As root, and while the directories are there that it uses.
set -ex
scratch=$(mktemp -d /var/tmp/buildroot-XXXXXX)
trap 'umount "$scratch"/*/merged; rm -rf "$scratch"' EXIT
"""

_SCRATCH = "\0scratch"
"""Stands for the script's ``$scratch`` in paths; no path of this machine can have a NUL in it."""


def note(logs: Iterable[Path], message: str) -> None:
    """Append a line of our own to logs, in the form of container.log's."""
    for path in logs:
        write_stamped(path, message)


class Record:
    """Writes down one owner's overlays and containers, as lines to paste: in a log, and as a script.

    In the script overlays have other places for what is written than the task had.
    """

    def __init__(self, workspace: Workspace, log: Path, script: Path | None) -> None:
        self._manager = workspace.manager
        self._overlay_mounted = workspace.overlay_mounted
        self._owner = workspace.owner
        self._log = log
        self._script = script
        self._overlays: list[Overlay] = []

    def overlay_mounted(self, overlay: Overlay) -> None:
        """Write down an overlay, and tell who was told before."""
        self._overlay_mounted(overlay)
        line = shlex.join(overlay.command_line())
        write_stamped(self._log, f"task {self._owner.task_id}, overlay: {line}")
        self._overlays.append(overlay)
        again = replace(overlay, scratch=self._in_script(overlay.scratch))
        directories = (str(directory) for directory in (again.upper, again.work, again.merged))
        self._add_to_script(["mkdir", "-p", *directories], again.command_line())

    def container_created(self, name: str, spec: ContainerSpec) -> None:
        """Write down a container, unless its owner is another one, who has the same manager."""
        if spec.owner != self._owner:
            return
        line = shlex.join(self._manager.command_line(spec))
        write_stamped(self._log, f"task {spec.owner.task_id}, {spec.role}, container {name}: {line}")
        again = self._container_in_script(spec)
        before, last = spec.command[: -len(WAIT)], tuple(spec.command[-len(WAIT) :])
        if last == WAIT:  # whoever runs the script wants to look around
            shell = replace(again, command=[*before, *SHELL])
            self._add_to_script(self._manager.command_line(shell, terminal=True))
        else:
            self._add_to_script(self._manager.command_line(again))

    def _container_in_script(self, spec: ContainerSpec) -> ContainerSpec:
        root = spec.root
        if isinstance(root, DirectoryRoot):
            root = DirectoryRoot(self._in_script(root.path))
        mounts = [replace(mount, source=self._in_script(mount.source)) for mount in spec.mounts]
        return replace(spec, root=root, mounts=mounts)

    def _in_script(self, path: Path) -> Path:
        """Return where the script has what the task had at ``path``."""
        for number, overlay in enumerate(self._overlays, 1):
            if path.is_relative_to(overlay.scratch):
                return Path(_SCRATCH, str(number), path.relative_to(overlay.scratch))
        return path

    def _add_to_script(self, *commands: Sequence[str]) -> None:
        if self._script is not None:
            lines = "".join(f"{' '.join(map(_quoted, command))}\n" for command in commands)
            with self._script.open("a", encoding="utf-8", errors="replace") as script:
                script.write(f"\n{lines}")


def _quoted(word: str) -> str:
    """Quote a word for the shell, which puts its scratch directory in the place that is kept for it."""
    if _SCRATCH not in word:
        return shlex.quote(word)
    return '"$scratch"'.join(shlex.quote(part) if part else "" for part in word.split(_SCRATCH))


@contextmanager
def recorded(workspace: Workspace, script: str | None = None) -> Iterator[Workspace]:
    """Yield the workspace in which everything that is done while the block runs is written down.

    That goes to container.log in ``resultdir``, and to ``script`` beside it, which is continued if it is
    there already.
    """
    path = None if script is None else workspace.resultdir / script
    if path is not None and not path.exists():
        path.write_text(_SCRIPT_HEAD)
        path.chmod(0o755)
    record = Record(workspace, workspace.resultdir / "container.log", path)
    with workspace.manager.on_create(record.container_created):
        yield replace(workspace, overlay_mounted=record.overlay_mounted)

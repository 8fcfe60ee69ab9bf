"""Overlays: layers of directories seen as one tree, with a layer of its own for what is written there.

The worker mounts them itself. podman's overlay for a ``--rootfs`` has one lower layer, and ours have several:
a base root, and a layer for each set of packages that was installed on top.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.errors import BuildrootError

logger = logging.getLogger("koji_adjutant.container")
"""INFO: a line for each overlay, which ends with its command line."""

MNT_DETACH = 2
"""From Linux's <sys/mount.h>."""

VOLATILE_SINCE = (5, 10)
"""The Linux that can keep an overlay from waiting for the disk."""


@dataclass(frozen=True)
class Overlay:
    """``lowers``, topmost first, seen below what is written, which lands in ``scratch``/upper.

    All of ``scratch``, a directory, is the overlay's own. ``throwaway`` is for trees that are of no use after
    a crash: what is written there does not wait for the disk, even if a program asks for it.
    """

    lowers: Sequence[Path]
    scratch: Path
    throwaway: bool = False

    @property
    def upper(self) -> Path:
        return self.scratch / "upper"

    @property
    def work(self) -> Path:
        return self.scratch / "work"

    @property
    def merged(self) -> Path:
        return self.scratch / "merged"

    def options(self) -> str:
        """Return the options for mount(8) and mount(2).

        Directories of lower layers can be renamed (``redirect_dir``), as on any file system: the layer that
        is written names their old place, so it is of use on the same layers only. What else a kernel may have
        on by default is off.
        """
        lowers = ":".join(_escaped(lower, "\\:,") for lower in self.lowers)
        places = f"lowerdir={lowers},upperdir={_escaped(self.upper, ',')},workdir={_escaped(self.work, ',')}"
        volatile = ",volatile" if self.throwaway and _kernel() >= VOLATILE_SINCE else ""
        return f"{places},index=off,metacopy=off,redirect_dir=on{volatile}"

    def command_line(self) -> list[str]:
        """Return the command that mounts the overlay by hand."""
        return ["mount", "-t", "overlay", "overlay", "-o", self.options(), str(self.merged)]


@contextmanager
def mounted(overlay: Overlay, task_id: str) -> Iterator[Path]:
    """Mount an overlay while the block runs, and yield the directory where it is seen.

    What was written stays in ``overlay.upper``. Raises BuildrootError if the kernel does not mount it.
    """
    for directory in (overlay.upper, overlay.work, overlay.merged):
        directory.mkdir(parents=True)
    # the top directory of what is seen has the mode of the upper one
    overlay.upper.chmod(0o755)
    _mount(overlay)
    logger.info("task %s, overlay: %s", task_id, shlex.join(overlay.command_line()))
    try:
        yield overlay.merged
    finally:
        _unmount(overlay.merged)
        shutil.rmtree(overlay.work, ignore_errors=True)


def unmount_below(directory: Path) -> None:
    """Unmount what a process that was killed left mounted below a directory."""
    below = f"{directory.resolve()}/"
    lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    mounts = [re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4]) for line in lines]
    for mount in reversed([mount for mount in mounts if mount.startswith(below)]):
        _unmount(Path(mount))


def _mount(overlay: Overlay) -> None:
    result = _libc().mount(
        b"overlay", os.fsencode(overlay.merged), b"overlay", 0, os.fsencode(overlay.options())
    )
    if result != 0:
        raise BuildrootError(
            f"an overlay cannot be mounted at {overlay.merged}: {os.strerror(ctypes.get_errno())}; "
            "buildroots need a worker that runs as root, and a directory of a local disk below them"
        )


def _unmount(directory: Path) -> None:
    if _libc().umount2(os.fsencode(directory), MNT_DETACH) != 0:
        logger.warning("%s cannot be unmounted: %s", directory, os.strerror(ctypes.get_errno()))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _escaped(path: Path, special: str) -> str:
    return "".join(f"\\{c}" if c in special else c for c in str(path))


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])

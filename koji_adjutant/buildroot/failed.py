"""Buildroots of failed tasks, kept for a while for whoever wants to look into them."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.files.tree import HOSTS_LABEL
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.container.interface import ContainerSpec, ImageRoot, LogSink, VolumeMount
from koji_adjutant.container.tools import Tools
from koji_adjutant.errors import BuildrootError

logger = logging.getLogger(__name__)

SEEN_AT = PurePosixPath("/buildroot")
READ_EVERYTHING = frozenset({"CAP_DAC_OVERRIDE"})


class FailedRoots:
    """A directory with one kept root for each failed task's buildroot.

    Layout: ``kept/<name>/`` holds ``builddir/`` (the buildroot's /builddir, moved here), ``root.tar`` (all
    the rest) and ``facts.json`` ({arch, environment}); ``staging/<random>/`` is one being made, or left by
    one that died. Whoever reads one holds its lock shared; ``prune`` removes what nobody holds. It lies on
    the file system of the tasks' own directories, so that keeping a large build tree costs a rename.
    """

    def __init__(self, directory: Path) -> None:
        self._kept, self._staging = directory / "kept", directory / "staging"
        directory.mkdir(mode=0o700, exist_ok=True)
        for part in (self._kept, self._staging):
            part.mkdir(exist_ok=True)

    def keep(
        self,
        config: BuildrootConfig,
        root: Path,
        home: Path,
        mounts: Sequence[VolumeMount],
        *,
        tools: Tools,
        log: LogSink,
    ) -> None:
        """Keep a root: ``home``, which is moved, and a copy of ``root`` with the ``mounts`` in it.

        ``tools`` run the program that copies, whose output goes to ``log``. Raises BuildrootError if the root
        cannot be kept.
        """
        staging = self._staging / uuid.uuid4().hex
        staging.mkdir()
        try:
            (staging / "facts.json").write_text(
                json.dumps({"arch": config.arch, "environment": dict(config.environment)})
            )
            spec = ContainerSpec(
                root=ImageRoot(tools.image),
                command=[
                    *("tar", "--create", "--file=/kept/root.tar", f"--directory={SEEN_AT}"),
                    *("--numeric-owner", "--sparse", "--xattrs", "--xattrs-include=security.*"),
                    # the host's
                    *(f"--xattrs-exclude={HOSTS_LABEL}", "."),
                ],
                owner=tools.owner,
                role="keep",
                mounts=[
                    VolumeMount(root, SEEN_AT, read_only=True),
                    *(replace(mount, target=SEEN_AT / mount.target.relative_to("/")) for mount in mounts),
                    VolumeMount(staging, PurePosixPath("/kept")),
                ],
                capabilities=READ_EVERYTHING,
                limits=tools.limits,
            )
            status = tools.manager.run(spec, log)
            if status != 0:
                raise BuildrootError(f"the buildroot could not be kept: tar ended with status {status}")
            home.rename(staging / "builddir")
            staging.rename(self._kept / _directory_name(config.name))
        except OSError as problem:
            raise BuildrootError(f"the buildroot could not be kept: {problem}") from problem
        finally:
            remove_tree(staging)

    @contextmanager
    def open(self, name: str) -> Iterator[Path]:
        """Yield the directory of a kept root, which stays while the block runs.

        ``name`` is the buildroot's (``<tag>-<buildroot id>-<repo id>``). Raises BuildrootError if there is no
        such root.
        """
        directory = self._kept / _directory_name(name)
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise BuildrootError(f"Buildroot directory is missing: {directory}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if not directory.exists():
                raise BuildrootError(f"Buildroot directory is missing: {directory}")
            yield directory
        finally:
            os.close(descriptor)

    def expired(self, lifetime: float) -> list[Path]:
        """Return the kept roots older than ``lifetime`` seconds, oldest first; some may be in use."""
        oldest_first = sorted(self._kept.iterdir(), key=_modified)
        return [directory for directory in oldest_first if time.time() - _modified(directory) > lifetime]

    def prune(self, lifetime: float, minimum_free: int) -> None:
        """Remove what is older than ``lifetime`` seconds.

        The oldest of the rest, too, until ``minimum_free`` bytes are free on the disk. What is in use stays.
        """
        for leftover in self._staging.iterdir():
            if time.time() - _modified(leftover) > lifetime:
                remove_tree(leftover)
        for directory in self.expired(lifetime):
            self._remove(directory)
        for directory in sorted(self._kept.iterdir(), key=_modified):
            if _free_bytes(self._kept) < minimum_free:
                self._remove(directory)

    def _remove(self, directory: Path) -> None:
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return  # another task removed it just now
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            doomed = self._staging / uuid.uuid4().hex
            directory.rename(doomed)
        except (BlockingIOError, FileNotFoundError):
            return  # somebody reads it, or removed it just now
        finally:
            os.close(descriptor)
        logger.info("Removing the kept buildroot %s", directory.name)
        remove_tree(doomed)


def _directory_name(buildroot: str) -> str:
    """Make a directory's name of a buildroot's: tags may have slashes in theirs."""
    return re.sub(r"[^A-Za-z0-9_+-]", "_", buildroot)


def _modified(directory: Path) -> float:
    """Return when a root was kept, after which nothing is written into its directory; 0 if it is gone."""
    try:
        return directory.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _free_bytes(directory: Path) -> int:
    usage = os.statvfs(directory)
    return usage.f_bavail * usage.f_bsize

"""The release and the changelog that a spec file leaves to the history of its repository: rpmautospec's work.

As mock's plugin does it, before ``rpmbuild -bs``, where the sources are a git repository and the spec file
uses %autorelease or %autochangelog.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path, PurePosixPath

from rpmautospec_core import specfile_uses_rpmautospec

from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID, Buildroot
from koji_adjutant.buildroot.specification.config import CHROOT_HOME
from koji_adjutant.buildroot.status import BUILD_FAILED
from koji_adjutant.builds.failure import StepFailedError
from koji_adjutant.builds.libraries import bring
from koji_adjutant.builds.sources import SPEC_LIMIT, look, read_spec
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.container.tools import write_request
from koji_adjutant.errors import BuildTimeout, ContainerTimeout

PROGRAMS = Path(__file__).parent / "tool"
LIBRARIES = ("rpmautospec", "rpmautospec_core")
FILLED_IN = "filled-in.spec"


def fill_in_from_history(root: Buildroot, spec: PurePosixPath, sources: PurePosixPath, log: Path) -> None:
    """Put what rpmautospec makes of the spec file in ``sources`` into ``spec``, if it has to do with it.

    ``spec`` is a copy of one of ``sources``. rpmautospec reads the repository with its whole history and the
    macros of the buildroot, and can change neither. Raises StepFailedError, with what it said in ``log``.
    """
    original = sources / spec.name
    is_repository, _ = look(root, '[ -d "$1/.git" ] && [ -f "$2" ]', str(sources), str(original))
    if not is_repository:
        return
    work = root.workspace.workdir / "autospec"
    work.mkdir()
    seen = work / "seen.spec"
    seen.write_bytes(read_spec(root, original))
    if not specfile_uses_rpmautospec(seen):
        return
    bring(LIBRARIES, work / "library")
    write_request(work, {"spec": str(original), "filled_in": FILLED_IN})
    os.chown(work, BUILD_UID, BUILD_GID)
    limit = root.config.rpmbuild_timeout or None
    with root.workspace.progress.phase("rpmautospec"), log.open("ab", buffering=0) as sink:
        try:
            status = root.workspace.tools.run(
                PROGRAMS / "fill_in_from_history.py",
                sink,
                role="autospec",
                # whose the repository is: git reads nobody else's
                user=f"{BUILD_UID}:{BUILD_GID}",
                environment={"HOME": str(CHROOT_HOME)},
                mounts=[
                    VolumeMount(work, PurePosixPath("/work")),
                    VolumeMount(root.home, CHROOT_HOME, read_only=True),
                    *root.rpm_configuration(),
                ],
                timeout=limit,
            )
        except ContainerTimeout as error:
            raise BuildTimeout(f"rpmautospec did not end within {limit:g} seconds") from error
    if status != 0:
        raise StepFailedError(BUILD_FAILED, "build.log", "rpmautospec could not process the spec file")
    _replace(root, spec, _read(work / FILLED_IN))


def _read(path: Path) -> bytes:
    """Return what rpmautospec has written: the spec file's own macros could put anything in its place."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise StepFailedError(BUILD_FAILED, "build.log", "rpmautospec left no spec file") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StepFailedError(BUILD_FAILED, "build.log", "rpmautospec left no spec file")
    with os.fdopen(descriptor, "rb") as file:
        return file.read(SPEC_LIMIT)


def _replace(root: Buildroot, spec: PurePosixPath, text: bytes) -> None:
    """Write a spec file in the buildroot from inside: what is in there may lead anywhere."""
    # under a name that nothing in there can have taken
    name = f"{secrets.token_hex(16)}.spec"
    descriptor = os.open(root.home / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    moved, _ = look(root, 'cat -- "$1" > "$2"', str(CHROOT_HOME / name), str(spec))
    if not moved:
        raise StepFailedError(BUILD_FAILED, "build.log", "rpmautospec's spec file could not be written")

"""The home directory of a checkout: credentials of the user that runs the worker, one kind at a time.

A stock builder checks out as the user that runs kojid, so its ssh keys and stored passwords are at hand for
git, svn and cvs. A checkout container gets copies of just those that its program reads; no other container
gets any.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.errors import ConfigError

HOME = PurePosixPath("/home/scm")

FILES = {
    "GIT": (".netrc",),
    "GIT+SSH": (".ssh",),
    "SVN": (".subversion",),
    "SVN+SSH": (".ssh", ".subversion"),
    "CVS": (".cvspass",),
    "CVS+SSH": (".ssh",),
}
"""What is taken from the home, by koji's names for kinds of SCM: files, or directories of files."""

# ssh asks the system, not the environment, where its home is
_PASSWD = f"root:x:0:0::/root:/bin/sh\nscm:x:{BUILD_UID}:{BUILD_GID}::{HOME}:/bin/sh\n"

_KNOWN_HOSTS = Path("/etc/ssh/ssh_known_hosts")


@contextmanager
def scm_home(workdir: Path, home: Path | None, scmtype: str) -> Iterator[Sequence[VolumeMount]]:
    """Give the build user a home with copies of credentials, for the block: yields mounts, all read-only.

    ``home`` is where to look for them, None if there are none at all. Raises ConfigError for what cannot be
    read.
    """
    with tempfile.TemporaryDirectory(prefix="scm-home-", dir=workdir) as name:
        copy, passwd = Path(name, "home"), Path(name, "passwd")
        copy.mkdir()
        passwd.write_text(_PASSWD)
        passwd.chmod(0o644)
        if home is not None:
            try:
                for entry in FILES[scmtype]:
                    _copy(home / entry, copy / entry)
            except OSError as error:
                raise ConfigError(f"the credentials in scm_home cannot be read: {error}") from error
        _hand_over(copy)
        mounts = [
            VolumeMount(copy, HOME, read_only=True),
            VolumeMount(passwd, PurePosixPath("/etc/passwd"), read_only=True),
        ]
        if scmtype.endswith("+SSH") and _KNOWN_HOSTS.is_file():
            mounts.append(VolumeMount(_KNOWN_HOSTS, PurePosixPath(_KNOWN_HOSTS), read_only=True))
        yield mounts


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir()
        for entry in source.iterdir():
            _copy(entry, target / entry.name)
    elif source.is_file():  # no sockets: ssh's control sockets are often here
        shutil.copyfile(source, target)


def _hand_over(tree: Path) -> None:
    """Make the copies the build user's alone: ssh insists that nobody else can read its files."""
    for directory, _names, files in os.walk(tree):
        for path, mode in ((Path(directory), 0o500), *((Path(directory, file), 0o400) for file in files)):
            path.chmod(mode)
            os.chown(path, BUILD_UID, BUILD_GID)

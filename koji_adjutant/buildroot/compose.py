"""Making a root for the store: what ``mock --init`` does, in two containers."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from koji_adjutant.buildroot.config import BuildrootConfig
from koji_adjutant.buildroot.install import FIRST_DBPATH, Installer, Wanted
from koji_adjutant.buildroot.key import root_key
from koji_adjutant.buildroot.packages import Installed
from koji_adjutant.container.interface import LogSink
from koji_adjutant.errors import BuildrootError


class Entry:
    """What an entry of the store holds: a root, its packages' list, dnf's metadata, a home's first files."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "root"
        self.metadata = directory / "metadata"
        self.skeleton = directory / "skel"
        self._installed = directory / "installed.json"

    def installed(self) -> Installed:
        return Installed.load(self._installed)

    def compose(
        self, installer: Installer, config: BuildrootConfig, tool_image_digest: str, key: str
    ) -> None:
        """Fill a new entry. DependencyError or BuildrootError say why it cannot be."""
        self.root.mkdir()
        installer.resolve(self.root, Wanted(groups=[config.group]), FIRST_DBPATH)
        # every root of a key has the same machine id: a build must not be able to tell a cached root
        machine_id = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
        installer.transact(self.root, FIRST_DBPATH, machine_id)
        if root_key(config, tool_image_digest) != key:
            raise BuildrootError("the repository changed while the buildroot was made from it; try again")
        shutil.copyfile(installer.work / "installed.json", self._installed, follow_symlinks=False)
        skeleton = installer.work / "skel"
        # packages' scripts ran next to it as root; what is copied here becomes readable for every build
        if skeleton.is_symlink() or not skeleton.is_dir():
            raise BuildrootError("a package's script replaced the skeleton of the home directory")
        shutil.copytree(skeleton, self.skeleton, symlinks=True)
        shutil.copytree(
            installer.cache, self.metadata, ignore=shutil.ignore_patterns("packages"), symlinks=True
        )


def reuse_metadata(entry: Entry, installer: Installer, log: LogSink) -> None:
    """Spare the resolver what was downloaded for the entry already."""
    shutil.copytree(entry.metadata, installer.cache, symlinks=True, dirs_exist_ok=True)
    log.write(b"Repository metadata taken from the root's entry in the store\n")

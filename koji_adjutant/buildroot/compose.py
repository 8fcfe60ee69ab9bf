"""Making a layer for the store: what ``mock --init`` and ``mock --install`` do."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from koji_adjutant.buildroot.config import BuildrootConfig
from koji_adjutant.buildroot.overlay import Overlay, mounted
from koji_adjutant.buildroot.packages import Installed
from koji_adjutant.buildroot.plan import Plan
from koji_adjutant.buildroot.transaction import FIRST_DBPATH, transact
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LogSink
from koji_adjutant.errors import BuildrootError


class Layer:
    """What an entry of the store holds: files over those of the layers below, and what is then installed.

    The lowest layer, a base, is a whole root, and has the first files of a home directory as well.
    """

    def __init__(self, directory: Path) -> None:
        self.root = directory / "root"
        self.skeleton = directory / "skel"
        self._installed = directory / "installed.json"
        self._recipe = directory / "recipe.json"

    @property
    def key(self) -> str:
        return self.root.parent.name

    def installed(self) -> Installed:
        return Installed.load(self._installed)

    def recipe(self) -> dict[str, Any]:
        """{parent: key or None, plan, arch, target_arch, tool_image}: enough to make it again."""
        recipe: dict[str, Any] = json.loads(self._recipe.read_text())
        return recipe


def compose(
    staging: Path,
    workspace: Workspace,
    config: BuildrootConfig,
    log: LogSink,
    *,
    below: Sequence[Layer],
    plan: Plan,
    files: Sequence[Path],
    key: str,
    recipe: dict[str, Any],
) -> None:
    """Fill a new entry: what ``plan`` adds to ``below``, topmost first (nothing: a base).

    BuildrootError if rpm refuses, or a package's script fails or does what it must not.
    """
    work, layer = staging / "work", Layer(staging)
    lowers = [lower.root for lower in below]
    if not lowers:
        lowers = [staging / "nothing"]
        lowers[0].mkdir()
    # every base of a key has the same machine id: a build must not be able to tell a cached root
    machine_id = None if below else hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    dbpath = below[0].installed().dbpath if below else FIRST_DBPATH
    # nothing of a root that is not finished is worth waiting for the disk
    overlay = Overlay(lowers, staging / "overlay", throwaway=True)
    with mounted(overlay, workspace.owner.task_id) as root:
        transact(
            workspace,
            config,
            log,
            work=work,
            root=root,
            plan=plan,
            files=files,
            dbpath=dbpath,
            machine_id=machine_id,
        )
    overlay.upper.rename(layer.root)
    # packages' scripts ran next to these files as root; what is copied here becomes readable for every build
    shutil.copyfile(work / "installed.json", staging / "installed.json", follow_symlinks=False)
    if not below:
        skeleton = work / "skel"
        if skeleton.is_symlink() or not skeleton.is_dir():
            raise BuildrootError("a package's script replaced the skeleton of the home directory")
        shutil.copytree(skeleton, layer.skeleton, symlinks=True)
    (staging / "recipe.json").write_text(json.dumps(recipe))
    for leftover in (work, overlay.scratch, staging / "nothing"):
        shutil.rmtree(leftover, ignore_errors=True)

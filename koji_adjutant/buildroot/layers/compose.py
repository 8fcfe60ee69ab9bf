"""Making a layer for the store: what ``mock --init`` and ``mock --install`` do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koji_adjutant.buildroot.cache.record import Vital
from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.installed.identities import identified
from koji_adjutant.buildroot.installed.packages import Installed
from koji_adjutant.buildroot.layers.transaction import FIRST_DBPATH, transact
from koji_adjutant.buildroot.layers.vital import vital_in_layer
from koji_adjutant.buildroot.specification.plan import Plan
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LogSink


@dataclass(frozen=True)
class Recipe:
    """How a layer is made, so that it can be made again.

    ``parent`` is the key of the layer below, None for a base; ``locations`` are the repositories' URLs;
    ``tool_image`` is the digest of the image that installed; ``foreign_arch`` says that the packages are not
    for its machine.
    """

    parent: str | None
    plan: Plan
    locations: Mapping[str, Sequence[str]]
    tool_image: str
    foreign_arch: bool

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "plan": self.plan.as_json()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Recipe:
        return cls(**{**document, "plan": Plan.from_json(document["plan"])})


class Layer:
    """What an entry of the store holds: files over those of the layers below, and what is then installed.

    The lowest layer, a base, is a whole root.
    """

    def __init__(self, directory: Path) -> None:
        self.root = directory / "root"
        self._installed = directory / "installed.json"
        self._recipe = directory / "recipe.json"

    @property
    def key(self) -> str:
        return self.root.parent.name

    def installed(self) -> Installed:
        """Return what is installed in the root whose topmost layer this is."""
        return Installed.load(self._installed)

    def recipe(self) -> Recipe:
        """Return how this layer was made."""
        return Recipe.from_json(json.loads(self._recipe.read_text()))


def compose(
    staging: Path,
    workspace: Workspace,
    log: LogSink,
    *,
    below: Sequence[Layer],
    recipe: Recipe,
    files: Sequence[Path],
    key: str,
) -> Vital:
    """Fill ``staging``, a new entry of the store, with what ``recipe`` adds to ``below``.

    ``below`` has the layers topmost first; if it is empty, a base is made. ``files`` are the packages', in
    the order of the recipe's plan.

    Returns what says which files in it are to be looked at each time that it is used. Raises BuildrootError
    if rpm refuses, or a package's script fails or does what it must not.
    """
    work, layer = staging / "work", Layer(staging)
    lowers = [lower.root for lower in below]
    if not lowers:
        lowers = [staging / "nothing"]
        lowers[0].mkdir()
    # every base of a key has the same machine id: a build must not be able to recognise a cached root
    machine_id = None if below else hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    before = below[0].installed() if below else None
    dbpath = before.dbpath if before else FIRST_DBPATH
    # nothing of a root that is not finished is worth waiting for the disk
    overlay = Overlay(lowers, staging / "overlay", throwaway=True)
    with workspace.mounted(overlay) as root:
        installed = transact(
            workspace,
            log,
            work=work,
            root=root,
            plan=recipe.plan,
            files=files,
            foreign_arch=recipe.foreign_arch,
            dbpath=dbpath,
            machine_id=machine_id,
        )
    overlay.upper.rename(layer.root)
    identified(installed, before, recipe.plan, files).save(staging / "installed.json")
    (staging / "recipe.json").write_text(json.dumps(recipe.as_json()))
    for leftover in (work, overlay.scratch, staging / "nothing"):
        remove_tree(leftover)
    return vital_in_layer(installed.dbpath)

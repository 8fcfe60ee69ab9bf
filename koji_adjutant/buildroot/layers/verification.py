"""The proof that what the cache has is what a fresh installation would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.files.tree import describe, differences
from koji_adjutant.buildroot.layers.compose import Layer, compose
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LogSink
from koji_adjutant.errors import BuildrootError


@dataclass(frozen=True)
class Verification:
    """One layer against a fresh one.

    ``damage`` is what has changed since it was made, ``differences`` what a fresh one has otherwise, a line
    for each file. ``tolerated`` is what rpm itself does anew each time: files of its database (what that
    lists is compared, package by package), and the number of files with another time of modification.
    """

    key: str
    files: int
    damage: Sequence[str] = field(default_factory=list)
    differences: Sequence[str] = field(default_factory=list)
    tolerated: Sequence[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not self.damage and not self.differences


def verify(workspace: Workspace, key: str, log: LogSink) -> list[Verification]:
    """Make the layer ``key``, and all below it, once more, and compare: the base first.

    Packages come from the cache, or from where they came from then. Raises BuildrootError if there is no such
    layer, a package is not available any more, or the tool image is another one now.
    """
    fresh: list[Layer] = []
    found = []
    for stored in _chain(workspace, key):
        with workspace.cache.store.held(stored.key):
            layer = _make_again(workspace, stored, fresh, log)
            found.append(_compare(workspace, stored, layer))
            fresh.append(layer)
    for layer in fresh:
        remove_tree(layer.root.parent)
    return found


def _chain(workspace: Workspace, key: str) -> list[Layer]:
    """Return the layers that ``key`` stands on, and itself, the base first."""
    layers: list[Layer] = []
    wanted: str | None = key
    while wanted is not None:
        with workspace.cache.store.held(wanted) as lease:
            layers.insert(0, Layer(lease.path))
            try:
                wanted = layers[0].recipe().parent
            except (OSError, ValueError, TypeError, LookupError):
                raise BuildrootError(
                    f"{wanted} is no layer, or one of which nobody knows how it was made"
                ) from None
    return layers


def _make_again(workspace: Workspace, stored: Layer, fresh: Sequence[Layer], log: LogSink) -> Layer:
    recipe = stored.recipe()
    digest = workspace.manager.ensure_image_available(workspace.tool_image, "never").digest
    if recipe.tool_image != digest:
        raise BuildrootError(
            f"layer {stored.key} was made by the tool image {recipe.tool_image}, "
            f"and {workspace.tool_image} is {digest} now"
        )
    staging = workspace.workdir / "verify" / stored.key
    staging.mkdir(parents=True)
    with workspace.cache.packages.holding(recipe.plan.install, recipe.locations) as files:
        compose(
            staging,
            workspace,
            log,
            below=list(reversed(fresh)),
            recipe=recipe,
            files=files,
            key=stored.key,
        )
    return Layer(staging)


def _compare(workspace: Workspace, stored: Layer, fresh: Layer) -> Verification:
    before, after = (describe(layer.root) for layer in (stored, fresh))
    database = stored.installed().dbpath.strip("/")
    own: list[str] = []
    others: list[str] = []
    for line in differences(before, after):
        (own if line.startswith(f"{database}/") else others).append(line)
    if stored.installed() != fresh.installed():
        others.append("the packages that the rpm database lists are others")
    times = sum(before[name].mtime != after[name].mtime for name in {*before} & {*after})
    tolerated = [*own, f"{times} files have another time of modification"] if times else own
    return Verification(stored.key, len(before), workspace.cache.store.damage(stored.key), others, tolerated)

"""Files in state_dir are damaged: what depends on them is made anew, and no task fails for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.cache.record import VITAL
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.layers.compose import Layer
from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.cli.history import worker_history
from koji_adjutant.errors import BuildFailed, DamagedEntryError
from koji_adjutant.task_adapters.giving_back import NAME as FAILURE
from tests.hub.builder import ARCH
from tests.hub.farm import Farm
from tests.integration.buildroot.fixtures import NewWorkspace, config, new_workspace, repo
from tests.support.damages import DAMAGES

__all__ = ["config", "new_workspace", "repo"]

UNSEEN = "usr/lib/rpm/macros"
"""Of a root; no build can do without it, and nobody looks at it before."""


def damage_by_turns(files: list[Path]) -> None:
    for number, file in enumerate(sorted(files)):
        [*DAMAGES.values()][number % len(DAMAGES)](file)


def damage_found(farm: Farm) -> float:
    """How many entries of roots the worker has found damaged."""
    with worker_history(farm.state) as history:
        return history.totals().get("damage_found", {}).get(("layer",), 0)


def command(farm: Farm, *words: str) -> int:
    return int(farm.admin.runroot(farm.build_tag, ARCH, [*words]))


@pytest.fixture
def base(farm: Farm) -> Iterator[Layer]:
    """The root of the farm's tag, in the worker's store."""
    store = Cache(farm.state).store
    task = command(farm, "true")
    farm.closed(task)
    lock = json.loads(farm.admin.downloadTaskOutput(task, "adjutant_lock.json"))
    key = lock["steps"][0]["key"]
    if not (store.entry(key) / VITAL).exists():  # an earlier version has made it
        store.discard(key)
        farm.closed(command(farm, "true"))
    yield Layer(store.entry(key))
    for aside in store.quarantined():
        if aside.key == key:
            remove_tree(aside.path)


def made_layer(new_workspace: NewWorkspace, config: BuildrootConfig) -> Layer:
    """A layer in the store, made by this version."""
    for name in ("before", "before-anew"):
        workspace = new_workspace(name)
        with open_buildroot(workspace, config) as root:
            root.install(["libyaml-devel"])
            layer = Layer(workspace.cache.store.entry(str(root.key)))
        if (layer.root.parent / VITAL).exists():
            break
        workspace.cache.store.discard(layer.key)
    return layer


@pytest.mark.parametrize(
    ("path", "damage"),
    [
        (".", "garbage"),
        ("root", "removed"),
        ("root", "emptied"),
        ("root/{database}", "cut-off"),
        ("installed.json", "emptied"),
        ("installed.json", "alien"),
        ("recipe.json", "a-directory"),
        (VITAL, "cut-off"),
    ],
)
def test_a_layer(new_workspace: NewWorkspace, config: BuildrootConfig, path: str, damage: str) -> None:
    layer = made_layer(new_workspace, config)
    installed = layer.installed()
    DAMAGES[damage](layer.root.parent / path.format(database=installed.dbpath.strip("/")))
    workspace = new_workspace("after")
    with open_buildroot(workspace, config) as root:
        root.install(["libyaml-devel"])
        assert root.key == layer.key
        assert root.capture(["cat", "/usr/include/yaml.h"])[0] == 0
        assert root.installed_packages() == [*installed.packages]
    assert f"Layer {layer.key} composed" in (workspace.resultdir / "root.log").read_text()


def test_what_every_build_begins_with_is_looked_at_each_time(base: Layer) -> None:
    seen = json.loads((base.root.parent / VITAL).read_text())
    programs = {f"root/usr/bin/{name}" for name in ("bash", "env", "sleep", "rpm", "rpmbuild")}
    database = f"root{base.installed().dbpath}"
    assert {"installed.json", "recipe.json", "root", "root/usr", "root/usr/bin", "root/etc/passwd"} <= {*seen}
    assert programs <= {*seen}
    assert any(path.startswith(f"{database}/") for path in seen)
    assert len(seen) < 1000
    assert f"root/{UNSEEN}" not in seen


def test_everything_that_is_looked_at_beforehand(farm: Farm, base: Layer) -> None:
    """The task takes no notice: a root with no shell, from packages and answers that are none."""
    cache, before = Cache(farm.state), damage_found(farm)
    packages = [
        farm.state / "packages" / f"{one.checksum.replace(':', '-')}.rpm"
        for one in base.recipe().plan.install
    ]
    others = ("answers/*.json", "recent/*.json", "policies/*.json", "roots/manifests/*", "roots/synced/*")
    damage_by_turns([package for package in packages if package.exists()])
    for pattern in others:
        damage_by_turns([*farm.state.glob(pattern)])
    damage_by_turns([file for file in farm.state.glob("roots/entries/metadata-*/cache/*") if file.is_file()])
    DAMAGES["emptied"](base.root / "usr/bin/bash")
    assert not cache.store.has(base.key)

    task = command(farm, "sh", "-c", "true")
    farm.closed(task)
    assert FAILURE not in farm.admin.listTaskOutput(task)
    assert "root/usr/bin/bash: another size, mtime" in farm.log(task, "root.log")
    assert cache.store.has(base.key)
    assert base.key in {aside.key for aside in cache.store.quarantined()}
    assert damage_found(farm) == before + 1


def test_what_is_noticed_when_a_command_fails(farm: Farm, base: Layer) -> None:
    """The task is given back, and done again on a new root."""
    before = damage_found(farm)
    DAMAGES["emptied"](base.root / UNSEEN)
    task = command(farm, "grep", "-q", ".", f"/{UNSEEN}")
    farm.closed(task)
    failure = json.loads(farm.admin.downloadTaskOutput(task, FAILURE))
    assert (failure["class"], failure["try"], failure["given_back"]) == ("infrastructure", 1, True)
    assert failure["sentence"] == (
        f"the entry {base.key} of the store was damaged, and is made anew "
        f"(root/{UNSEEN}: another size, mtime)"
    )
    assert damage_found(farm) == before + 1
    assert (base.root / UNSEEN).stat().st_size > 0


def fail_on_a_damaged_base(workspace: Workspace, config: BuildrootConfig, found: list[str]) -> None:
    """A build, with a layer on the base: ``found`` are the keys."""
    store = workspace.cache.store
    with open_buildroot(workspace, config) as root:
        found.append(str(root.key))
        root.install(["libyaml-devel"])
        found.append(str(root.key))
        DAMAGES["emptied"](Layer(store.entry(found[0])).root / UNSEEN)
        raise BuildFailed("macros are missing")


def test_others_that_use_it_go_on(new_workspace: NewWorkspace, config: BuildrootConfig) -> None:
    """Their overlays have directories that are no more in their place; layers on it are made anew, too."""
    workspace, found = new_workspace("damaged"), list[str]()
    store = workspace.cache.store
    with open_buildroot(new_workspace("working"), config) as working:
        working.install(["libyaml-devel"])
        assert working.capture(["cat", "/usr/include/yaml.h"])[0] == 0
        with pytest.raises(DamagedEntryError, match="another size"):
            fail_on_a_damaged_base(workspace, config, found)
        assert [store.has(key) for key in found] == [False, False]
        store.sweep()
        read_unread = [
            "sh",
            "-c",
            "find /usr/bin /usr/lib/rpm /usr/include -type f -readable -exec cat {} + > /dev/null",
        ]
        assert working.capture(read_unread) == (0, b"")
        with open_buildroot(new_workspace("anew"), config) as anew:
            anew.install(["libyaml-devel"])
            assert anew.capture(["grep", "-q", ".", f"/{UNSEEN}"])[0] == 0
        assert [store.has(key) for key in found] == [True, True]
        assert working.capture(["true"])[0] == 0

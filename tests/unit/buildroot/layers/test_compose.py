"""What is taken over from an installation, next to which packages' scripts have run as root."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.buildroot.installed.packages import Installed
from koji_adjutant.buildroot.layers import compose as module
from koji_adjutant.buildroot.layers.compose import Layer, Recipe, compose
from koji_adjutant.buildroot.specification.plan import Plan
from koji_adjutant.errors import BuildrootError

RECIPE = Recipe(None, Plan((), ("old-1-1.noarch",)), {"build": ["http://x/"]}, "sha256:0", False)

Script = Callable[[Path], None]


class Workspace:
    """One that mounts nothing."""

    @contextmanager
    def mounted(self, overlay: Overlay) -> Iterator[Path]:
        overlay.upper.mkdir(parents=True)
        yield overlay.upper


def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Script = lambda _work: None) -> Layer:
    """A base, from an installation in which a package's ``script`` did what it wanted."""

    def transact(*_arguments: object, work: Path, root: Path, **_options: object) -> Installed:
        work.mkdir()
        (work / "installed.json").write_text(json.dumps({"dbpath": "/var/lib/rpm", "packages": []}))
        (root / "usr").mkdir()
        script(work)
        return Installed.load(work / "installed.json")

    monkeypatch.setattr(module, "transact", transact)
    staging = tmp_path / "entry"
    staging.mkdir()
    anything: Any = Workspace()
    compose(staging, anything, anything, below=[], recipe=RECIPE, files=[], key="key")
    return Layer(staging)


def test_a_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = make(tmp_path, monkeypatch)
    assert layer.installed().dbpath == "/var/lib/rpm"
    assert (layer.root / "usr").is_dir()
    assert layer.recipe() == RECIPE
    names = {path.name for path in layer.root.parent.iterdir()}
    assert names == {"root", "installed.json", "recipe.json"}


def test_a_script_left_a_tree_that_is_deeper_than_pythons_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(work: Path) -> None:
        here = Path.cwd()
        os.chdir(work)
        for _ in range(sys.getrecursionlimit() + 100):
            os.mkdir("d")  # noqa: PTH102 - no path leads there
            os.chdir("d")
        os.chdir(here)

    layer = make(tmp_path, monkeypatch, script)
    assert not (layer.root.parent / "work").exists()


def test_a_list_of_packages_that_is_a_link_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(work: Path) -> None:
        (work / "installed.json").rename(tmp_path / "elsewhere.json")
        (work / "installed.json").symlink_to(tmp_path / "elsewhere.json")

    with pytest.raises(BuildrootError, match=r"installed\.json"):
        make(tmp_path, monkeypatch, script)

"""What is taken over from an installation, next to which packages' scripts have run as root."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.buildroot import compose
from koji_adjutant.buildroot.compose import Entry
from koji_adjutant.errors import BuildrootError


class Installed:
    """An installer that has installed already."""

    def __init__(self, directory: Path) -> None:
        self.work = directory / "work"
        self.cache = directory / "cache"
        (self.work / "skel").mkdir(parents=True)
        (self.work / "skel" / ".bashrc").touch()
        self.cache.mkdir()
        (self.work / "installed.json").write_text(json.dumps({"dbpath": "/var/lib/rpm", "packages": []}))

    def resolve(self, *_arguments: object) -> None:
        pass

    transact = resolve


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(compose, "root_key", lambda _config, _digest: "key")
    return Installed(tmp_path)


class Config:
    group = "build"


def make(installer: Any, tmp_path: Path) -> Entry:
    (tmp_path / "entry").mkdir()
    entry = Entry(tmp_path / "entry")
    config: Any = Config()
    entry.compose(installer, config, "digest", "key")
    return entry


def test_an_entry(installer: Any, tmp_path: Path) -> None:
    entry = make(installer, tmp_path)
    assert [file.name for file in entry.skeleton.iterdir()] == [".bashrc"]
    assert entry.installed().dbpath == "/var/lib/rpm"


def test_a_script_put_a_link_to_the_hosts_files_in_the_skeletons_place(
    installer: Any, tmp_path: Path
) -> None:
    (tmp_path / "keytabs").mkdir()
    (installer.work / "skel").rename(tmp_path / "work" / "aside")
    (installer.work / "skel").symlink_to(tmp_path / "keytabs")
    with pytest.raises(BuildrootError, match="replaced the skeleton"):
        make(installer, tmp_path)
    assert not (tmp_path / "entry" / "skel").exists()


def test_a_list_of_packages_that_is_a_link_is_not_followed(installer: Any, tmp_path: Path) -> None:
    (installer.work / "installed.json").rename(tmp_path / "elsewhere.json")
    (installer.work / "installed.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(BuildrootError, match=r"installed\.json"):
        make(installer, tmp_path).installed()

"""From the tool container's listing to what is reported."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from koji_adjutant.buildroot.packages import Installed, listing
from koji_adjutant.errors import BuildrootError


def entry(name: str, **changes: object) -> dict[str, object]:
    fields = {"name": name, "version": "1", "release": "2", "epoch": None, "arch": "noarch", "sigmd5": "ab"}
    return {**fields, "size": 3, "longsize": 3, "buildtime": 4, **changes}


def test_listing(tmp_path: Path) -> None:
    packages = [
        entry("b", epoch=7),
        entry("gpg-pubkey", arch=None),
        entry("a", size=None, longsize=5 << 30),
        entry("buildsys-build"),
    ]
    (tmp_path / "installed.json").write_text(json.dumps({"dbpath": "/var/lib/rpm", "packages": packages}))
    installed = Installed.load(tmp_path / "installed.json")
    assert installed.dbpath == "/var/lib/rpm"
    assert listing(installed.packages) == (
        f"a-1-2.noarch 4 {5 << 30} installed\nb-7:1-2.noarch 4 3 installed\n"
    )
    assert installed.packages[1].nvra == "b-1-2.noarch"


def test_a_script_put_a_link_to_the_hosts_files_there(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps({"dbpath": "/", "packages": []}))
    (tmp_path / "installed.json").symlink_to("secret.json")
    with pytest.raises(BuildrootError, match=r"installed\.json"):
        Installed.load(tmp_path / "installed.json")


def test_a_script_put_a_pipe_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "installed.json")
    with pytest.raises(BuildrootError, match="no regular file"):
        Installed.load(tmp_path / "installed.json")

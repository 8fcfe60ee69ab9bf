"""From the tool container's listing to what is reported."""

from __future__ import annotations

import json
from pathlib import Path

from koji_adjutant.buildroot.packages import Installed, listing


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

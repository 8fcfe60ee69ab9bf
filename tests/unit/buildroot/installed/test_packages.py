"""From the tool container's listing to what is reported."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from koji_adjutant.buildroot.installed import packages
from koji_adjutant.buildroot.installed.packages import Installed, listing
from koji_adjutant.errors import BuildrootError


def entry(name: str, **changes: object) -> dict[str, object]:
    fields = {
        "name": name,
        "version": "1",
        "release": "2",
        "epoch": None,
        "arch": "noarch",
        "payloadhash": "ab",
    }
    return {**fields, "size": 3, "buildtime": 4, **changes}


def test_listing(tmp_path: Path) -> None:
    listed = [
        entry("b", epoch=7),
        entry("gpg-pubkey", arch=None),
        entry("a", size=5 << 30),
        entry("buildsys-build"),
    ]
    (tmp_path / "installed.json").write_text(json.dumps({"dbpath": "/var/lib/rpm", "packages": listed}))
    installed = Installed.load(tmp_path / "installed.json")
    assert installed.dbpath == "/var/lib/rpm"
    assert listing(installed.packages) == (
        f"a-1-2.noarch 4 {5 << 30} installed\nb-7:1-2.noarch 4 3 installed\n"
    )
    assert installed.packages[1].nvra == "b-1-2.noarch"
    installed.save(tmp_path / "saved.json")
    assert Installed.load(tmp_path / "saved.json") == installed


def test_a_script_put_a_link_to_the_hosts_files_there(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps({"dbpath": "/", "packages": []}))
    (tmp_path / "installed.json").symlink_to("secret.json")
    with pytest.raises(BuildrootError, match=r"installed\.json"):
        Installed.load(tmp_path / "installed.json")


def test_a_script_put_a_pipe_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "installed.json")
    with pytest.raises(BuildrootError, match="no regular file"):
        Installed.load(tmp_path / "installed.json")


@pytest.mark.parametrize(
    "place",
    [
        "/var/lib/rpm%(id)",
        "/var/lib/rpm\n%x %(id)",
        "/var/lib/%{lua:os.execute('id')}",
        "/var/lib/../../x",
        "var/lib/rpm",
        "/",
        "",
        None,
    ],
)
def test_a_place_of_the_database_that_is_a_program_is_refused(place: str | None, tmp_path: Path) -> None:
    (tmp_path / "installed.json").write_text(json.dumps({"dbpath": place, "packages": []}))
    with pytest.raises(BuildrootError, match="puts the rpm database where none can be"):
        Installed.load(tmp_path / "installed.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        "\xff",
        json.dumps({"packages": []}),
        json.dumps({"dbpath": "/x", "packages": [{"name": "a"}]}),
        json.dumps({"dbpath": "/x", "packages": [entry("a\nb")]}),
        json.dumps({"dbpath": "/x", "packages": [entry("\ud800")]}),
        json.dumps({"dbpath": "/x", "packages": [entry("a", buildtime="4")]}),
        json.dumps({"dbpath": "/x", "packages": [entry("a", size=1 << 63)]}),
    ],
)
def test_a_list_that_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "installed.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(BuildrootError, match=r"installed\.json of the installation is no list of packages"):
        Installed.load(tmp_path / "installed.json")


def test_a_list_that_would_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LISTING_BYTES", 1 << 20)
    (tmp_path / "installed.json").touch()
    os.truncate(tmp_path / "installed.json", (1 << 20) + 1)
    with pytest.raises(BuildrootError, match="more than 1 MiB"):
        Installed.load(tmp_path / "installed.json")

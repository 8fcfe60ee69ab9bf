"""buildroot_lock.json as mock writes it: its keys by mock's schema 1.1.0, and that what it says is true."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.buildroot.installed.mock_lock import mock_lock, write_mock_lock
from koji_adjutant.buildroot.installed.packages import Installed, InstalledPackage
from koji_adjutant.buildroot.specification.lock import this_machine
from koji_adjutant.buildroot.specification.mock_lock import NAME, VERSION, read_mock_lock
from koji_adjutant.buildroot.specification.plan import PackageFile, Plan
from tests.support.locks import BASH, ZLIB, example
from tests.support.mock_schema import breaks_of_schema

SIGNED = "RSA/SHA256, Mon Jul 29 10:12:32 2024, Key ID 2322d3d94bf0c9db"
MD5 = "0" * 31 + "1"
INSTALLED = Installed(
    "/var/lib/rpm",
    (
        InstalledPackage("zlib-devel", "1", "1", None, "x86_64", "0" * 31 + "2", 1, 2, "Zlib", ""),
        InstalledPackage("bash", "5", "1", 0, "x86_64", MD5, 1, 2, "GPL-3.0-or-later", SIGNED),
    ),
)


def document(installed: Installed = INSTALLED) -> Any:
    return json.loads(json.dumps(mock_lock(example(), installed)))


def test_it_is_what_mock_s_schema_wants() -> None:
    assert breaks_of_schema(document()) == []


def test_what_it_says_is_true() -> None:
    made = document()
    assert made["version"] == VERSION
    assert made["buildroot"]["rpms"] == [
        {
            "name": "bash",
            "version": "5",
            "release": "1",
            "epoch": "0",
            "arch": "x86_64",
            "license": "GPL-3.0-or-later",
            "sigmd5": MD5,
            "signature": "4bf0c9db",
            "url": "http://repo.example/b/bash.rpm",
        },
        {
            "name": "zlib-devel",
            "version": "1",
            "release": "1",
            "epoch": None,
            "arch": "x86_64",
            "license": "Zlib",
            "sigmd5": "0" * 31 + "2",
            "signature": None,
            "url": "http://external.example/z.rpm",
        },
    ]
    config = example().config
    assert made["config"] == {
        "target_arch": config.target_arch,
        "legal_host_arches": [this_machine()],
        "macros": dict(config.macros),
    }


def test_a_package_of_format_6_has_no_sigmd5() -> None:
    package = replace(INSTALLED.packages[1], payloadhash="sha3-256::" + "0" * 64)
    (listed,) = document(Installed("/var/lib/rpm", (package,)))["buildroot"]["rpms"]
    assert listed["sigmd5"] == "(none)"


@pytest.mark.parametrize("words", ["", "(not a blob)", "Key ID 2322d3d94bf0c9db\nx"])
def test_no_key_is_made_up(words: str) -> None:
    package = replace(INSTALLED.packages[1], signature=words)
    (listed,) = document(Installed("/var/lib/rpm", (package,)))["buildroot"]["rpms"]
    assert listed["signature"] is None


def test_a_file_s_name_is_not_encoded_for_mock_encodes_it() -> None:
    lock = example()
    plus = PackageFile("gcc-c++-1-1.x86_64", "sha256:aa", 1, "repo-0", "g g/gcc-c++-1-1.x86_64.rpm")
    lock = replace(lock, steps=(replace(lock.steps[0], plan=Plan((plus,))),))
    package = replace(INSTALLED.packages[1], name="gcc-c++", version="1", epoch=None)
    (listed,) = mock_lock(lock, Installed("/var/lib/rpm", (package,)))["buildroot"]["rpms"]
    assert listed["url"] == "http://repo.example/g%20g/gcc-c++-1-1.x86_64.rpm"


def test_there_are_no_credentials_in_it() -> None:
    lock = example()
    (repository,) = lock.config.repositories
    secret = replace(repository, urls=("http://me:geheim@repo.example",))
    own = replace(lock, config=replace(lock.config, repositories=(secret,)))
    assert mock_lock(own, INSTALLED) == mock_lock(lock, INSTALLED)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert write_mock_lock(tmp_path, example(), INSTALLED) is None
    read = read_mock_lock(tmp_path / NAME, tmp_path)
    assert read.installed == {BASH.nevra: MD5, ZLIB.nevra: "0" * 31 + "2"}
    assert read.macros == example().config.macros
    assert read.target_arch == example().config.target_arch


def test_nothing_is_guessed_of_a_root_that_says_no_licenses(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("of the base")
    unasked = Installed("/var/lib/rpm", (INSTALLED.packages[0], replace(INSTALLED.packages[1], license=None)))
    assert "did not ask for licenses" in (write_mock_lock(tmp_path, example(), unasked) or "")
    assert not (tmp_path / NAME).exists()


def test_a_package_that_a_script_has_put_into_the_database(tmp_path: Path) -> None:
    more = Installed("/var/lib/rpm", (*INSTALLED.packages, replace(INSTALLED.packages[0], name="alien")))
    why = write_mock_lock(tmp_path, example(), more)
    assert why == "nobody asked for alien-1-1.x86_64 to be installed"
    assert not (tmp_path / NAME).exists()

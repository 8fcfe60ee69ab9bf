"""Reading mock's lock, and saying what is wrong with one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.buildroot.specification.lock import read_lock
from koji_adjutant.buildroot.specification.mock_lock import NAME, is_mock_lock, read_mock_lock
from koji_adjutant.errors import LockError, NotFound
from tests.support.mock_schema import breaks_of_schema

Change = Callable[[Any], object]


def mocks() -> Any:
    """What mock 6.7 writes of two packages, with a bootstrap image."""
    package = {
        "arch": "x86_64",
        "epoch": None,
        "license": "GPL-3.0-or-later",
        "name": "bash",
        "release": "3.fc43",
        "sigmd5": "a" * 32,
        "signature": None,
        "url": "https://repo.example/b/bash-5.3-3.fc43.x86_64.rpm",
        "version": "5.3",
    }
    shadow = package | {"name": "shadow-utils", "epoch": "2", "sigmd5": "b" * 32, "signature": "4bf0c9db"}
    return {
        "version": "1.1.0",
        "buildroot": {"rpms": [package, shadow]},
        "bootstrap": dict.fromkeys(("image_digest", "pull_digest", "architecture", "id"), "x"),
        "config": {"target_arch": "x86_64", "macros": {"%vendor": "Us"}, "package_manager": "dnf5"},
    }


def written(directory: Path, change: Change = lambda _lock: None) -> Path:
    document = mocks()
    change(document)
    path = directory / NAME
    path.write_text(json.dumps(document))
    return path


def test_it_is_read(tmp_path: Path) -> None:
    assert breaks_of_schema(mocks()) == []
    lock = read_mock_lock(written(tmp_path), tmp_path)
    assert lock.installed == {
        "bash-5.3-3.fc43.x86_64": "a" * 32,
        "shadow-utils-2:5.3-3.fc43.x86_64": "b" * 32,
    }
    assert (lock.target_arch, lock.macros, lock.directory) == ("x86_64", {"%vendor": "Us"}, tmp_path)


def test_which_of_the_two_it_is(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert is_mock_lock(path)
    with pytest.raises(LockError, match=r"is mock's lock, which names no checksums: take the adjutant_lock"):
        read_lock(path)
    path.write_text('{"schema": 1}')
    assert not is_mock_lock(path)
    path.write_text("[")
    assert not is_mock_lock(path)
    assert not is_mock_lock(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lock: lock.update(version="2.0.0"), "is mock's lock of version '2.0.0', and this version of"),
        (lambda lock: lock.update(version="1"), "is mock's lock of version '1', and this version of"),
        (lambda lock: lock.update(version=1), "is no lock of mock's: its version is int, not str"),
        (lambda lock: lock.pop("buildroot"), "is no lock of mock's: it has no buildroot"),
        (lambda lock: lock.pop("config"), "is no lock of mock's: it has no config"),
        (lambda lock: lock["buildroot"]["rpms"].clear(), "its buildroot.rpms are empty"),
        (
            lambda lock: lock["buildroot"]["rpms"][1].pop("arch"),
            "package 1 of buildroot.rpms: it has no arch",
        ),
        (
            lambda lock: lock["buildroot"]["rpms"][0].update(sigmd5="(none)"),
            "bash-5.3-3.fc43.x86_64 has the sigmd5 '(none)': nothing says which package it is",
        ),
        (lambda lock: lock["config"]["macros"].update({"%x": 1}), "its %x is int, not str"),
    ],
)
def test_what_is_wrong_with_one(tmp_path: Path, change: Change, sentence: str) -> None:
    with pytest.raises(LockError, match=re.escape(sentence)) as raised:
        read_mock_lock(written(tmp_path, change), tmp_path)
    assert str(tmp_path / NAME) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_older_one_is_read(tmp_path: Path) -> None:
    older = written(tmp_path, lambda lock: lock.update(version="1.0.0", bootstrap={"image_digest": "x"}))
    assert len(read_mock_lock(older, tmp_path).installed) == 2


def test_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no lock"):
        read_mock_lock(tmp_path / NAME, tmp_path)


@pytest.mark.parametrize("wrong", [None, 7, "x", [], [7], {}, {"x": 7}])
@pytest.mark.parametrize("key", ["version", "buildroot", "config"])
def test_no_wrong_value_is_more_than_a_lock_error(tmp_path: Path, key: str, wrong: object) -> None:
    with suppress(LockError):
        read_mock_lock(written(tmp_path, lambda lock: lock.update({key: wrong})), tmp_path)

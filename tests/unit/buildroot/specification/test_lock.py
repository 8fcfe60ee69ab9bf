"""adjutant_lock.json: what is in it, and what happens to one that somebody has changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.buildroot.specification.lock import NAME, OLD_NAME, lock_in, read_lock
from koji_adjutant.errors import LockError, NotFound
from tests.support.locks import ZLIB, example

Change = Callable[[Any], object]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    lock = example()
    lock.write(tmp_path)
    options = replace(lock.config.package_manager, proxy=None)
    assert read_lock(tmp_path / NAME) == replace(lock, config=replace(lock.config, package_manager=options))


def test_locks_of_earlier_versions_are_found_and_read(tmp_path: Path) -> None:
    assert lock_in(tmp_path) == tmp_path / NAME
    (tmp_path / OLD_NAME).write_text(json.dumps(example().as_json()))
    assert lock_in(tmp_path) == tmp_path / OLD_NAME
    assert read_lock(lock_in(tmp_path)).key == example().key
    example().write(tmp_path)
    assert lock_in(tmp_path) == tmp_path / NAME


def test_the_builder_s_proxy_stays_at_home() -> None:
    assert "secret" not in json.dumps(example().as_json())


def test_credentials_of_repositories_stay_at_home(tmp_path: Path) -> None:
    """What is written can be read and used by others, with credentials of their own."""
    lock = example()
    secret = "http://me:geheim@repo.example"
    (repository,) = lock.config.repositories
    external = replace(ZLIB, base="http://me:geheim@external.example/")
    last = replace(lock.steps[1], plan=replace(lock.steps[1].plan, install=(external,)))
    own = replace(
        lock,
        config=replace(lock.config, repositories=(replace(repository, urls=(secret,)),)),
        steps=(lock.steps[0], last),
    )
    assert own.as_json() == lock.as_json()
    own.write(tmp_path)
    assert read_lock(tmp_path / NAME).packages() == lock.packages()


def test_every_package_has_its_urls() -> None:
    packages = [package for step in example().as_json()["steps"] for package in step["install"]]
    assert [package["urls"] for package in packages] == [
        ["http://repo.example/b/bash.rpm"],
        ["http://external.example/z.rpm"],
    ]


def test_every_key_is_documented() -> None:
    document = example().as_json()
    reference = (Path(__file__).parents[4] / "docs" / "reference.md").read_text()
    section = reference.split("### adjutant_lock.json\n", 1)[1].split("\n##")[0]
    of_lock, of_step = section.split("Of each step:")
    for table, keys in ((of_lock, list(document)[1:]), (of_step, list(document["steps"][0]))):
        cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
        assert re.findall(r"`(\w+)`", " ".join(cells)) == keys
    inner = [document["tool_image"], document["buildroot"], document["buildroot"]["repositories"][0]]
    inner += [document["steps"][0]["wanted"], document["steps"][0]["install"][0]]
    for key in {key for one in inner for key in one}:
        assert f"`{key}`" in section


def test_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"There is no lock .*adjutant_lock\.json"):
        read_lock(tmp_path / NAME)


def test_a_directory_is_no_lock(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="cannot be read: Is a directory"):
        read_lock(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{", "null", "\x00", "[" * 100_000, '{"schema": true}'])
def test_what_is_no_lock_at_all(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(LockError, match="is no lock of a buildroot"):
        read_lock(tmp_path / NAME)


def test_a_lock_of_another_time(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"schema": 2}')
    with pytest.raises(LockError, match="is a lock of schema 2, and this version reads 1"):
        read_lock(tmp_path / NAME)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lock: lock["steps"].clear(), "it has no steps"),
        (lambda lock: lock.pop("machine"), "it has no machine"),
        (lambda lock: lock["buildroot"].update(network=0), "its network is int, not bool"),
        (lambda lock: lock["buildroot"]["macros"].update(x=None), "its x is NoneType, not str"),
        (
            lambda lock: lock["buildroot"].update(arch="-rf"),
            "'-rf' cannot be the name of an arch",
        ),
        (
            lambda lock: lock["buildroot"]["package_manager"].update(module_setup_commands=[1]),
            "its module_setup_commands are not pairs of str",
        ),
        (lambda lock: lock["steps"][0]["install"][0].update(size="1"), "its size is str, not int"),
        (
            lambda lock: lock["steps"][0]["install"][0].update(checksum="sha256:../../x"),
            "'sha256:../../x' is no checksum",
        ),
        (
            lambda lock: lock["steps"][0]["install"][0].update(urls=["http://other.example/bash.rpm"]),
            "the urls of bash-5-1.x86_64 are not those of its repository",
        ),
    ],
)
def test_a_changed_lock_says_what_is_wrong(tmp_path: Path, change: Change, sentence: str) -> None:
    document = example().as_json()
    change(document)
    (tmp_path / NAME).write_text(json.dumps(document))
    with pytest.raises(LockError, match=re.escape(f"is no lock of a buildroot: {sentence}")):
        read_lock(tmp_path / NAME)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each value in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in places(one, (*path, key)))]


@pytest.mark.parametrize("wrong", [None, 7, "x", [], [7], {}, {"x": 7}])
def test_no_wrong_value_is_more_than_a_lock_error(tmp_path: Path, wrong: object) -> None:
    for *way, last in places(example().as_json())[1:]:
        document = inner = example().as_json()
        for key in way:
            inner = inner[key]
        inner[last] = wrong
        (tmp_path / NAME).write_text(json.dumps(document))
        with suppress(LockError):
            read_lock(tmp_path / NAME)


def test_the_arch_to_build() -> None:
    lock = example()
    assert lock.arch_to_build(None) == lock.config.target_arch
    assert lock.arch_to_build("noarch") == "noarch"
    with pytest.raises(LockError, match="the lock is of a buildroot for x86_64, not for aarch64"):
        lock.arch_to_build("aarch64")

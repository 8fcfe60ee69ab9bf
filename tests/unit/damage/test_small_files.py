"""Small files of state_dir that are damaged count as absent: nobody fails for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache.answers import AnswerCache
from koji_adjutant.buildroot.cache.downloads import PackageCache
from koji_adjutant.buildroot.cache.recent import RecentRoot, RecentRoots, Tries
from koji_adjutant.buildroot.specification.plan import PackageFile
from koji_adjutant.container.interface import Image
from koji_adjutant.container.seccomp import SeccompProfiles
from koji_adjutant.images.proofs import Proofs
from koji_adjutant.policy.cache import PolicyCache
from koji_adjutant.policy.lookup import Published
from koji_adjutant.task_adapters.disk_shares import DiskShares
from tests.support.damages import DAMAGES


@pytest.fixture(params=DAMAGES)
def damage(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Each thing that may happen to a file, or to a directory with one."""
    return DAMAGES[request.param]


def test_an_answer(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    answers = AnswerCache(tmp_path / "answers")
    answers.put("key", {"install": []})
    (file,) = (tmp_path / "answers").iterdir()
    damage(file)
    assert answers.get("key") is None
    answers.prune()
    answers.put("key", {"install": []})
    assert answers.get("key") == {"install": []}


def test_another_answer_is_none(tmp_path: Path) -> None:
    answers = AnswerCache(tmp_path)
    answers.put("one", [1])
    answers.put("other", [2])
    (tmp_path / "one.json").replace(tmp_path / "other.json")
    assert answers.get("other") is None


@pytest.mark.parametrize("name", ["*.rpm", "*.part"])
def test_a_package(tmp_path: Path, damage: Callable[[Path], None], name: str) -> None:
    content = b"an rpm" * 99
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "a.rpm").write_bytes(content)
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    package = PackageFile("a-1-1.noarch", checksum, len(content), "build", "a.rpm")
    packages, places = PackageCache(tmp_path / "packages"), {"build": [str(tmp_path / "repo")]}
    for _ in range(2):
        with packages.holding([package], places) as (file,):
            assert file.read_bytes() == content
        (whole,) = (tmp_path / "packages").glob("*.rpm")
        if name == "*.part":
            whole = whole.rename(whole.with_suffix(".part"))
        damage(whole)
    with packages.holding([package], places) as (file,):
        assert file.read_bytes() == content
    packages.evict(0)
    assert packages.size() == (0, 0)


def test_a_package_that_is_damaged_is_evicted_too(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    packages = PackageCache(tmp_path)
    (tmp_path / "sha256-00.rpm").write_bytes(b"rpm")
    damage(tmp_path / "sha256-00.rpm")
    packages.evict(-1)
    assert packages.size() == (0, 0)


def test_a_recent_root(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    recent, root = RecentRoots(tmp_path / "recent", "hub"), RecentRoot("f99-build", "x86_64", "build")
    recent.note(root)
    (file,) = (tmp_path / "recent").iterdir()
    damage(file)
    assert recent.latest() == []
    recent.note(root)
    assert recent.latest() == [(root, Tries())]
    damage(file)
    recent.forget(root)


def test_a_policy(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    policies = PolicyCache(tmp_path / "policies", 300, "hub")
    policies.keep("f99-build", Published({"rules": []}, "f99"))
    (file,) = (tmp_path / "policies").iterdir()
    damage(file)
    assert policies.find("f99-build") is None
    policies.keep("f99-build", Published({"rules": []}, "f99"))


@pytest.mark.parametrize("name", ["proved-images", "proved-images/id"])
def test_a_proof(tmp_path: Path, damage: Callable[[Path], None], name: str) -> None:
    image = Image("localhost/tools", "id", "sha256:0", "x86_64", {})
    Proofs(tmp_path).remember(image)
    damage(tmp_path / name)
    Proofs(tmp_path).has(image)
    Proofs(tmp_path).remember(image)


def test_a_seccomp_profile(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    (tmp_path / "podmans.json").write_text(json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}))
    made = SeccompProfiles(tmp_path / "seccomp", [tmp_path / "podmans.json"]).path(frozenset())
    text = made.read_bytes()
    damage(made)
    again = SeccompProfiles(tmp_path / "seccomp", [tmp_path / "podmans.json"]).path(frozenset())
    assert (again, again.read_bytes()) == (made, text)


@pytest.mark.parametrize("words", ["", "7", "many bytes", "\0\0"])
def test_what_another_task_says_of_the_disk(tmp_path: Path, words: str) -> None:
    with DiskShares(tmp_path, 1).taking_part(), DiskShares(tmp_path, 2).taking_part():
        (tmp_path / "disk" / "2").write_text(words)
        third = DiskShares(tmp_path, 3)
        with third.taking_part():
            assert third.must_give_way(5, 10) is False

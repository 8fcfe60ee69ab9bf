"""mock's lock: written of each buildroot, and built from once more as `mock --hermetic-build` does."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from koji_adjutant.buildroot.specification import mock_lock
from koji_adjutant.buildroot.specification.lock import NAME, OLD_NAME, read_lock
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.rpm.header import RpmHeader, Tag, identity, signature_header
from tests.integration.buildroot.fixtures import spec
from tests.support.http_server import QuietFiles, serving
from tests.support.mock_schema import breaks_of_schema

Result = subprocess.CompletedProcess[str]
CREATEREPO = Path(sys.executable).with_name("createrepo_c")


class Place:
    """What was built from a repository, and a directory of the lock's packages."""

    def __init__(self, top: Path, state_dir: Path) -> None:
        self.top = top
        self.state_dir = state_dir
        self.packages = top / "packages"
        self._count = 0
        self.first = Path()

    def __call__(self, command: str, *words: object) -> Result:
        line = [sys.executable, "-m", "koji_adjutant.cli", command, "--state-dir", self.state_dir, *words]
        return subprocess.run([*map(str, line)], capture_output=True, text=True, check=False)

    def build(self, source: Path, *options: object) -> tuple[Result, Path]:
        self._count += 1
        results = self.top / f"results-{self._count}"
        return self("build", source, "--resultdir", results, *options), results

    def from_lock(self, source: Path, lock: Path | None = None) -> tuple[Result, Path]:
        return self.build(source, "--lock", lock or self.lock, "--repo", self.packages)

    @property
    def lock(self) -> Path:
        return self.first / mock_lock.NAME

    @property
    def document(self) -> Any:
        return json.loads(self.lock.read_text())

    def changed_lock(self, change: Callable[[Any], object]) -> Path:
        document = self.document
        change(document)
        path = self.top / "changed.json"
        path.write_text(json.dumps(document))
        return path

    @property
    def srpm(self) -> Path:
        (srpm,) = self.first.glob("*.src.rpm")
        return srpm

    def package(self, name: str, requires: str) -> Path:
        directory = self.top / name
        directory.mkdir()
        text = spec(
            name, f"BuildArch: noarch\nBuildRequires: {requires}\n", build="test -f /usr/include/yaml.h"
        )
        (directory / f"{name}.spec").write_text(text)
        return directory


def fetch(packages: Sequence[Any], directory: Path) -> None:
    """Do what mock-hermetic-repo does with a lock: each URL's last part is encoded, and the rest is not."""
    directory.mkdir()
    for package in packages:
        parent, _, name = package["url"].rpartition("/")
        answer = requests.get(f"{parent}/{quote(name)}", timeout=60)
        answer.raise_for_status()
        (directory / name).write_bytes(answer.content)
    subprocess.run([CREATEREPO, "--quiet", directory], check=True)


@pytest.fixture(scope="module")
def place(repo: Path, engine: PodmanManager, tool_image: str, state_dir: Path) -> Iterator[Place]:
    """A build was done here, the lock's packages were fetched, and the repository is gone."""
    top = Path(tempfile.mkdtemp(prefix="adjutant-test-", dir="/var/tmp"))
    try:
        place = Place(top, state_dir)
        with serving(lambda *args: QuietFiles(*args, directory=str(repo))) as url:
            result, place.first = place.build(place.package("needing", "libyaml-devel"), "--repo", url)
            assert result.returncode == 0, result.stderr
            fetch(place.document["buildroot"]["rpms"], place.packages)
        yield place
    finally:
        shutil.rmtree(top)


@pytest.fixture
def named(place: Place) -> Place:
    """With a lock that says of each package which it is."""
    if any(package["sigmd5"] == mock_lock.NO_TAG for package in place.document["buildroot"]["rpms"]):
        pytest.skip(
            "this host's rpm makes packages of format 6, which no lock of mock's can name for certain"
        )
    return place


def sigmd5(found: str) -> str:
    """What mock's lock has of a package that Koji identifies so: nothing, if it is of format 6."""
    return mock_lock.NO_TAG if "::" in found else found


def test_it_is_mock_s_and_true(place: Place) -> None:
    assert breaks_of_schema(place.document) == []
    packages = {_nevra(package): package for package in place.document["buildroot"]["rpms"]}
    ours = read_lock(place.first / NAME).installed
    assert {nevra: one["sigmd5"] for nevra, one in packages.items()} == {
        nevra: sigmd5(found) for nevra, found in ours.items()
    }
    for package in packages.values():
        file = place.packages / urlsplit(package["url"]).path.rpartition("/")[2]
        header = RpmHeader(file)
        assert package["license"] == header.text(Tag.LICENSE)
        assert package["sigmd5"] == sigmd5(str(identity(signature_header(file))))
        assert package["signature"] is None, "packages of the test distribution are not signed"
    assert breaks_of_schema(json.loads((place.first / "srpm" / mock_lock.NAME).read_text())) == []


def _nevra(package: Any) -> str:
    epoch = f"{package['epoch']}:" if package["epoch"] not in (None, "0") else ""
    return f"{package['name']}-{epoch}{package['version']}-{package['release']}.{package['arch']}"


def test_a_build_is_done_again(named: Place) -> None:
    place = named
    result, results = place.from_lock(place.srpm)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in results.glob("*.noarch.rpm")] == ["needing-1-1.noarch.rpm"]
    again = json.loads((results / mock_lock.NAME).read_text())
    assert [one | {"url": ""} for one in again["buildroot"]["rpms"]] == [
        one | {"url": ""} for one in place.document["buildroot"]["rpms"]
    ]
    assert again["config"] == place.document["config"]

    # what mock's lock cannot say is known now: from here on it is a lock as any other
    result, _ = place.build(place.srpm, "--lock", results / NAME)
    assert result.returncode == 0, result.stderr


def test_what_the_lock_does_not_have_is_refused(named: Place) -> None:
    result, results = named.from_lock(named.package("more", "libyaml-devel, no-such-package"))
    assert result.returncode == 11
    assert "what is built needs what the lock does not have: nothing provides no-such-package" in " ".join(
        result.stderr.split()
    )
    assert not list(results.glob("*.rpm"))


def other_build(document: Any) -> None:
    document["buildroot"]["rpms"][0]["sigmd5"] = "0" * 32


def another_package(document: Any) -> None:
    document["buildroot"]["rpms"][0]["name"] = "elsewhere"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (other_build, "has other packages than the lock: "),
        (another_package, "1 packages of the lock are not in "),
    ],
)
def test_another_root_is_refused(named: Place, change: Callable[[Any], None], sentence: str) -> None:
    assert_refused(named, change, sentence)


def later_mock(document: Any) -> None:
    document["version"] = "2.0.0"


def packages_of_format_6(document: Any) -> None:
    document["buildroot"]["rpms"][0]["sigmd5"] = mock_lock.NO_TAG


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (later_mock, "is mock's lock of version '2.0.0', and this version of Koji-Adjutant reads 1.x"),
        (packages_of_format_6, "has the sigmd5 '(none)': nothing says which package it is"),
    ],
)
def test_a_lock_of_no_use_is_refused(place: Place, change: Callable[[Any], None], sentence: str) -> None:
    assert_refused(place, change, sentence)


def assert_refused(place: Place, change: Callable[[Any], None], sentence: str) -> None:
    result, results = place.from_lock(place.srpm, place.changed_lock(change))
    assert result.returncode == 11
    assert sentence in " ".join(result.stderr.split())
    assert not list(results.glob("*.rpm"))


def test_a_package_more_than_the_lock_has_is_not_taken(named: Place, repo: Path, tmp_path: Path) -> None:
    """Where the directory is a whole repository, the lock still says what is installed."""
    result, _ = named.build(
        named.package("further", "libyaml-devel, zlib-devel"), "--lock", named.lock, "--repo", repo
    )
    assert result.returncode == 11
    assert "which the lock does not have" in " ".join(result.stderr.split())


def test_without_a_directory_it_says_which_to_name(place: Place) -> None:
    result, _ = place.build(place.srpm, "--lock", place.lock)
    assert result.returncode == 2
    assert "mock-hermetic-repo --lockfile FILE --output-repo DIR" in " ".join(result.stderr.split())


def test_a_lock_of_an_earlier_version(place: Place, tmp_path: Path) -> None:
    """It was ours under mock's name."""
    shutil.copy(place.first / NAME, tmp_path / OLD_NAME)
    result = place("replay", tmp_path, "--step", "base", "--", "true")
    assert result.returncode == 0, result.stderr
    (tmp_path / OLD_NAME).write_text(place.lock.read_text())
    result = place("replay", tmp_path, "--step", "base", "--", "true")
    assert result.returncode == 11
    assert "is mock's lock, which names no checksums" in " ".join(result.stderr.split())

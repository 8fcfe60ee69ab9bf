"""The cache of packages: checked, shared, and safe when several want the same."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache.downloads import PackageCache
from koji_adjutant.buildroot.specification.plan import PackageFile
from koji_adjutant.errors import BuildrootError
from tests.support.http_server import in_thread

CONTENT = b"an rpm" * 1000


def package(content: bytes = CONTENT, location: str = "a.rpm", base: str | None = None) -> PackageFile:
    checksum = hashlib.sha256(content).hexdigest()
    return PackageFile("a-1-1.noarch", f"sha256:{checksum}", len(content), "build", location, base)


class Mirror(ThreadingHTTPServer):
    """Serves CONTENT as anything; counts what it was asked for. ``gate`` lets it answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        assert self.server.gate.wait(60)
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror() as server, in_thread(server):
        yield server
        server.gate.set()


def test_downloaded_once(tmp_path: Path, mirror: Mirror) -> None:
    for _ in range(2):
        with PackageCache(tmp_path).holding([package()], {"build": [mirror.url]}) as (file,):
            assert file.read_bytes() == CONTENT
    assert mirror.asked == ["/a.rpm"]
    assert PackageCache(tmp_path).size() == (1, len(CONTENT))


def test_two_that_want_the_same_at_once_download_it_once(tmp_path: Path, mirror: Mirror) -> None:
    mirror.gate.clear()
    found = []

    def want() -> None:
        with PackageCache(tmp_path).holding([package()], {"build": [mirror.url]}) as (file,):
            found.append(file.read_bytes())

    threads = [threading.Thread(target=want) for _ in range(3)]
    for thread in threads:
        thread.start()
    mirror.gate.set()
    for thread in threads:
        thread.join()
    assert found == [CONTENT] * 3
    assert mirror.asked == ["/a.rpm"]
    assert not list(tmp_path.glob("*.part"))


def test_a_damaged_file_is_downloaded_again(tmp_path: Path, mirror: Mirror) -> None:
    cache, locations = PackageCache(tmp_path), {"build": [mirror.url]}
    with cache.holding([package()], locations) as (file,):
        (tmp_path / file.name).write_bytes(b"rotten")
    with cache.holding([package()], locations) as (file,):
        assert file.read_bytes() == CONTENT
    assert len(mirror.asked) == 2


@pytest.mark.usefixtures("no_pauses")
def test_the_next_mirror_is_tried(tmp_path: Path, mirror: Mirror) -> None:
    urls = ["http://127.0.0.1:9", f"{mirror.url}/missing", mirror.url]
    with PackageCache(tmp_path).holding([package()], {"build": urls}) as (file,):
        assert file.read_bytes() == CONTENT


@pytest.mark.usefixtures("no_pauses")
def test_what_is_not_what_the_metadata_says_is_refused_and_not_kept(tmp_path: Path, mirror: Mirror) -> None:
    other = package(b"x" * len(CONTENT))
    with (
        pytest.raises(BuildrootError, match=r"a\.rpm is not what the repository's metadata says"),
        PackageCache(tmp_path).holding([other], {"build": [mirror.url]}),
    ):
        pass
    assert not list(tmp_path.glob("*.rpm"))


def test_what_finds_no_room_is_not_begun(tmp_path: Path, mirror: Mirror) -> None:
    huge = replace(package(), size=1 << 60)
    with (
        pytest.raises(BuildrootError, match=r"No space left on device: .* of packages are missing in "),
        PackageCache(tmp_path).holding([huge], {"build": [mirror.url]}),
    ):
        pass
    assert mirror.asked == []


def test_what_is_not_there_is_named(tmp_path: Path, mirror: Mirror) -> None:
    with (
        pytest.raises(BuildrootError, match=r"there is no http.*missing/a\.rpm"),
        PackageCache(tmp_path).holding([package(location="missing/a.rpm")], {"build": [mirror.url]}),
    ):
        pass


def test_nothing_is_downloaded_where_nothing_may_be(tmp_path: Path) -> None:
    with (
        pytest.raises(BuildrootError, match=r"a-1-1\.noarch is not on this machine"),
        PackageCache(tmp_path).holding([package()], {}),
    ):
        pass


def test_a_package_of_an_external_repository_comes_from_there(tmp_path: Path, mirror: Mirror) -> None:
    external = package(base=f"{mirror.url}/external/")
    with PackageCache(tmp_path).holding([external], {"build": ["http://127.0.0.1:9"]}):
        assert mirror.asked == ["/external/a.rpm"]


def test_the_longest_unused_go_first_and_none_in_use(tmp_path: Path) -> None:
    cache = PackageCache(tmp_path / "cache")
    packages = []
    for number in range(3):
        content = str(number).encode() * 100
        (tmp_path / f"{number}.rpm").write_bytes(content)
        packages.append(package(content, f"{number}.rpm"))
    with cache.holding(packages, {"build": [str(tmp_path)]}) as files:
        for age, file in zip((3, 1, 2), files, strict=True):
            os.utime(file, (1000 + age, 1000 + age))
        cache.evict(0)
        assert cache.missing(packages) == []
    cache.evict(250)
    assert cache.missing(packages) == [packages[1]]


def test_who_holds_packages_sees_no_others(tmp_path: Path, mirror: Mirror) -> None:
    cache = PackageCache(tmp_path / "cache")
    (tmp_path / "secret.rpm").write_bytes(b"embargoed")
    secret = package(b"embargoed", "secret.rpm")
    with cache.holding([secret], {"build": [str(tmp_path)]}):
        pass
    with cache.holding([package(), package()], {"build": [mirror.url]}) as files:
        assert [file.read_bytes() for file in files] == [CONTENT] * 2
        assert list(files[0].parent.iterdir()) == [files[0]]
    assert not files[0].parent.exists()
    assert cache.missing([secret, package()]) == []


def test_what_somebody_held_who_died_is_evicted(tmp_path: Path) -> None:
    cache = PackageCache(tmp_path)
    (tmp_path / "x.held").mkdir()
    (tmp_path / "x.held" / "a.rpm").touch()
    with cache.holding([], {}):
        cache.evict(1 << 30)
        assert (tmp_path / "x.held").exists()
    cache.evict(1 << 30)
    assert not (tmp_path / "x.held").exists()


def test_a_checksum_is_no_path(tmp_path: Path) -> None:
    evil = PackageFile("a-1-1.noarch", "sha256:../../etc/x", 1, "build", "a.rpm")
    with pytest.raises(BuildrootError, match="is no checksum"):
        PackageCache(tmp_path).missing([evil])


def test_offline_takes_only_what_this_machine_has(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / "repo").mkdir()
    cache, locations = PackageCache(tmp_path / "cache"), [mirror.url, (tmp_path / "repo").as_uri()]
    with (
        pytest.raises(BuildrootError),
        cache.holding([package()], {"build": locations}, offline=True),
    ):
        pass
    (tmp_path / "repo" / "a.rpm").write_bytes(CONTENT)
    with cache.holding([package()], {"build": locations}, offline=True) as (file,):
        assert file.read_bytes() == CONTENT
    assert mirror.asked == []

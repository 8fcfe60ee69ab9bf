"""Reading other people's repositories, whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import importlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import createrepo_c
import pytest

from koji_adjutant.builds.repo_program import PROGRAMS
from tests.support.http_server import serving
from tests.unit.builds.repositories import SUFFIXES, make_repository, package

PACKAGES = [package(f"package{number}-1-1.noarch", "source-1-1.src.rpm") for number in range(200)]


@pytest.fixture(scope="module")
def repository() -> Iterator[Any]:
    """The module, as the program in the container imports it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROGRAMS))
        yield importlib.import_module("repository")
        patch.delitem(sys.modules, "repository")


@pytest.fixture
def read(repository: Any, tmp_path: Path) -> Callable[[str], Any]:
    return lambda url: repository.read_repository(url, repository.read_index(url), tmp_path)


@pytest.mark.parametrize("compression", SUFFIXES)
def test_packages(read: Callable[[str], Any], tmp_path: Path, compression: int) -> None:
    found = read(make_repository(tmp_path / "repo", PACKAGES, compression)).packages
    assert [each.nvra for each in found] == [each.location_href.removesuffix(".rpm") for each in PACKAGES]
    assert {each.sourcerpm for each in found} == {"source-1-1.src.rpm"}
    assert [each.checksum for each in found] == [each.pkgId for each in PACKAGES]


@pytest.fixture(params=[createrepo_c.GZ, createrepo_c.ZSTD], ids=["gzip", "zstd"])
def primary(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    make_repository(tmp_path / "repo", PACKAGES, request.param)
    (found,) = (tmp_path / "repo/repodata").glob("primary*")
    return found


def reason(repository: Any, read: Callable[[str], Any], directory: Path) -> str:
    with pytest.raises(repository.UnreadableError) as caught:
        read(f"file://{directory}/")
    return str(caught.value).replace(f"file://{directory}/", "")


def publish(primary: Path, content: bytes) -> None:
    """As if it had been so when repomd.xml was made."""
    index = primary.parent / "repomd.xml"
    before, after = (hashlib.sha256(data).hexdigest() for data in (primary.read_bytes(), content))
    index.write_text(index.read_text().replace(before, after))
    primary.write_bytes(content)


def test_half_a_primary(repository: Any, read: Callable[[str], Any], primary: Path) -> None:
    primary.write_bytes(primary.read_bytes()[: primary.stat().st_size // 2])
    said = reason(repository, read, primary.parent.parent)
    assert said == f"repodata/{primary.name} is not what repomd.xml says: its sha256 is another"


def test_half_a_primary_as_published(repository: Any, read: Callable[[str], Any], primary: Path) -> None:
    publish(primary, primary.read_bytes()[: primary.stat().st_size // 2])
    assert reason(repository, read, primary.parent.parent).startswith("its primary cannot be decompressed: ")


def test_no_primary(repository: Any, read: Callable[[str], Any], primary: Path) -> None:
    primary.unlink()
    said = reason(repository, read, primary.parent.parent)
    assert said.startswith(f"repodata/{primary.name}: ")
    assert "No such file" in said


def test_fewer_packages_than_it_says(repository: Any, read: Callable[[str], Any], tmp_path: Path) -> None:
    make_repository(tmp_path / "repo", PACKAGES, declared=201)
    said = reason(repository, read, tmp_path / "repo")
    assert said == "its primary says that it has 201 packages, and has 200"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<metadata><package", "its primary is no valid XML: unclosed token: line 1, column 10"),
        ("<metadata>", "its primary is no valid XML: no element found: line 1, column 10"),
        ('<!DOCTYPE m [<!ENTITY a "b">]><m/>', "its primary has a document type declaration"),
    ],
)
def test_bad_xml(
    repository: Any, read: Callable[[str], Any], tmp_path: Path, text: str, expected: str
) -> None:
    make_repository(tmp_path / "repo", PACKAGES, createrepo_c.NO_COMPRESSION)
    publish(tmp_path / "repo/repodata/primary.xml", text.encode())
    assert reason(repository, read, tmp_path / "repo") == expected


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("", "its repomd.xml is damaged: "),
        ("<html><p>Sign in", "its repomd.xml is damaged: "),
        ("<repomd/>", "its repomd.xml names no primary metadata"),
        (
            '<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"></data></repomd>',
            "its repomd.xml is damaged: ",
        ),
    ],
)
def test_bad_repomd(
    repository: Any, read: Callable[[str], Any], tmp_path: Path, index: str, expected: str
) -> None:
    (tmp_path / "repo/repodata").mkdir(parents=True)
    (tmp_path / "repo/repodata/repomd.xml").write_text(index)
    assert reason(repository, read, tmp_path / "repo").startswith(expected)


def test_no_repository(repository: Any, read: Callable[[str], Any], tmp_path: Path) -> None:
    assert "No such file" in reason(repository, read, tmp_path)


class Server(SimpleHTTPRequestHandler):
    """Wants a name and a password, and breaks off in the middle of each primary with ``breaks``."""

    breaks = False
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # its name in the standard library
        if self.headers["Authorization"] != f"Basic {base64.b64encode(b'me:p@ss').decode()}":
            self.send_error(HTTPStatus.UNAUTHORIZED)
        elif self.breaks and "primary" in self.path:
            self.send_response(HTTPStatus.OK)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"100\r\nhalf of it")
            self.close_connection = True
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def host(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A server's address; it has a repository."""
    make_repository(tmp_path / "repo", PACKAGES)
    handler = type("Handler", (Server,), {"breaks": getattr(request, "param", False)})
    with serving(partial(handler, directory=str(tmp_path / "repo"))) as url:
        yield url.removeprefix("http://")


def test_a_password_in_the_url(repository: Any, read: Callable[[str], Any], host: str) -> None:
    assert len(read(f"http://me:p%40ss@{host}/").packages) == len(PACKAGES)
    with pytest.raises(repository.UnreadableError, match=r"repodata/repomd\.xml: 401 Unauthorized$"):
        read(f"http://{host}/")


@pytest.mark.parametrize("host", [True], indirect=True)
def test_a_broken_connection(repository: Any, read: Callable[[str], Any], host: str) -> None:
    with pytest.raises(repository.UnreadableError, match=r"primary\.xml\.gz: IncompleteRead"):
        read(f"http://me:p%40ss@{host}/")


def test_what_is_no_server(repository: Any, read: Callable[[str], Any]) -> None:
    with pytest.raises(repository.UnreadableError, match="is neither a directory's URL nor a server's"):
        read("gopher://example.com/")
    with pytest.raises(repository.UnreadableError, match="URL can't contain control characters"):
        read("http://127.0.0.1:9/a path/")

"""The process: starting, stopping, the files, administration from the command line."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import Any

import koji
import pytest
from click.testing import CliRunner

from koji_adjutant.cli.devhub import command
from koji_adjutant.devhub import DevHub, running_devhub
from koji_adjutant.devhub.core.wire import MAX_REQUEST
from koji_adjutant.devhub.server.serving import serve
from koji_adjutant.errors import UsageError


def test_what_there_was_is_there_after_a_restart(tmp_path: Path) -> None:
    with running_devhub(tmp_path, admin=("boss", "secret")) as hub:
        assert json.loads((tmp_path / "devhub.json").read_text())["hub"] == hub.url
        session = hub.session("boss", "secret")
        session.createTag("kept")
        session.logout()
    assert not (tmp_path / "devhub.json").exists()
    assert not (tmp_path / "devhub.sqlite-wal").exists()
    with running_devhub(tmp_path) as hub:
        session = hub.session("boss", "secret")
        assert session.getTag("kept")["name"] == "kept"
        session.logout()


def test_an_interrupt_ends_it_tidily(tmp_path: Path) -> None:
    with running_devhub(tmp_path) as hub:
        os.kill(hub.pid, signal.SIGINT)
    assert not (tmp_path / "devhub.json").exists()
    assert (tmp_path / "devhub.log").read_text().count("Traceback") == 0


def test_one_process_serves_a_directory(hub: DevHub) -> None:
    with pytest.raises(UsageError, match="another devhub serves"):
        serve(hub.directory, "127.0.0.1", 0)


def test_a_port_that_is_taken(hub: DevHub, tmp_path: Path) -> None:
    port = int(hub.url.split(":")[2].split("/")[0])
    with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1 port {port}"):
        serve(tmp_path, "127.0.0.1", port)


def _run(hub: DevHub, *arguments: str) -> Any:
    return CliRunner().invoke(command, ["--dir", str(hub.directory), *arguments])


def test_administration_while_it_runs(hub: DevHub, tmp_path: Path) -> None:
    assert _run(hub, "add-user", "cliuser", "--password", "pw", "--permission", "tag").exit_code == 0
    session = hub.session("cliuser", "pw")
    assert session.getPerms() == ["tag"]
    session.logout()
    assert _run(hub, "set-password", "cliuser", "--password", "other").exit_code == 0
    with pytest.raises(koji.AuthError):
        hub.session("cliuser", "pw")
    hub.session("cliuser", "other").logout()
    added = _run(hub, "add-host", "clihost", "x86_64", "i686", "--password", "pw", "--channel", "createrepo")
    assert added.exit_code == 0, added.output
    session = hub.session("clihost", "pw")
    session.exclusiveSession()
    assert session.host.getHost()["arches"] == "x86_64 i686"
    session.logout()
    assert "No such user: 'nobody'" in str(_run(hub, "set-password", "nobody", "--password", "x").exception)
    nowhere = CliRunner().invoke(command, ["--dir", str(tmp_path), "set-password", "x", "--password", "y"])
    assert isinstance(nowhere.exception, UsageError)
    assert list(tmp_path.iterdir()) == []


def test_passwords_are_not_stored(hub: DevHub) -> None:
    data = b"".join(path.read_bytes() for path in hub.directory.glob("devhub.sqlite*"))
    assert b"scrypt$" in data
    assert b"packager" in data
    assert (hub.directory / "devhub.sqlite").stat().st_mode & 0o077 == 0


Answer = tuple[int, Message, bytes]


def _ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Status, headers and body of an answer; the path goes out as it is given."""
    base, path = re.fullmatch(r"http://([^/]+)(/.*)", url).groups()  # type: ignore[union-attr]
    with closing(http.client.HTTPConnection(base, timeout=60)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


@pytest.fixture
def files(hub: DevHub) -> str:
    (hub.topdir / "packages/served").mkdir(exist_ok=True)
    (hub.topdir / "packages/served/a+b %.txt").write_text("content")
    inside = hub.topdir / "packages/served/inside"
    if not inside.is_symlink():
        inside.symlink_to("a+b %.txt")
        (hub.topdir / "packages/served/outside").symlink_to(hub.directory / "devhub.sqlite")
    return hub.files_url


def test_files_are_served(files: str) -> None:
    assert _ask(f"{files}/packages/served/a%2Bb%20%25.txt")[2] == b"content"
    assert _ask(f"{files}/packages/served/inside")[2] == b"content"
    status, headers, _ = _ask(f"{files}/packages/served")
    assert (status, headers["Location"]) == (301, "/kojifiles/packages/served/")
    assert b'href="a%2Bb%20%25.txt"' in _ask(f"{files}/packages/served/")[2]
    status, _, body = _ask(f"{files}/packages/served/inside", Range="bytes=1-2")
    assert (status, body) == (206, b"on")


@pytest.mark.parametrize(
    "path",
    [
        "../devhub.sqlite",
        "%2e%2e/devhub.sqlite",
        "packages/..%2f../devhub.sqlite",
        "packages/served/outside",
        "packages/nothing",
        "packages/%00",
    ],
)
def test_files_outside_are_not(files: str, path: str) -> None:
    assert _ask(f"{files}/{path}")[0] == 404


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("GET", None, 405),
        ("POST", b"", 400),
        ("POST", b"<no xml", 400),
        ("POST", b"x" * (MAX_REQUEST + 1), 400),
    ],
    ids=["not a post", "empty", "not xml", "too long"],
)
def test_the_hub_takes_only_calls(hub: DevHub, method: str, body: bytes | None, status: int) -> None:
    found, headers, _ = _ask(hub.url, method, body)
    assert (found, headers["Koji-Version"]) == (status, koji.__version__)

"""The checks that need neither podman nor a hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from koji_adjutant.cli.check import command
from koji_adjutant.cli.checks.engine import check_engine
from koji_adjutant.cli.checks.hub import check_hub
from koji_adjutant.cli.checks.machine import check_machine
from koji_adjutant.cli.checks.result import CheckResult, Level, failing
from koji_adjutant.config import Settings, load
from koji_adjutant.provenance.envelope import key_id, read_public_key
from tests.support.http_server import serving
from tests.support.keys import write_keys
from tests.unit.cli.conftest import Machine
from tests.unit.container.fake_podman import INFO, FakePodman


@pytest.fixture
def settings(machine: Machine) -> Settings:
    return load(machine.config, {})


def of(results: Iterator[CheckResult], subject: str) -> CheckResult:
    (found,) = (result for result in results if result.subject == subject)
    return found


def test_a_machine_that_is_ready(machine: Machine, settings: Settings) -> None:
    (machine.directory / "topdir" / "repos").mkdir(parents=True)
    settings.kojid.minspace = 1
    assert {result.level for result in check_machine(settings)} == {Level.OK}


def test_directories_are_not_made_by_looking(machine: Machine, settings: Settings) -> None:
    machine.log_dir.rmdir()
    assert "will be made" in of(check_machine(settings), "log_dir").message
    assert not machine.log_dir.exists()


def test_a_file_where_a_directory_should_be(machine: Machine, settings: Settings) -> None:
    machine.log_dir.rmdir()
    machine.log_dir.touch()
    assert of(check_machine(settings), "log_dir").level is Level.FAIL


@pytest.mark.parametrize(("share", "level"), [(0.1, Level.OK), (0.7, Level.WARN), (2, Level.FAIL)])
def test_space(settings: Settings, share: float, level: Level, monkeypatch: pytest.MonkeyPatch) -> None:
    gigabyte = 1 << 30
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": gigabyte}))
    settings.kojid.minspace = int(share * 1024)
    assert {result.level for result in check_machine(settings) if result.subject == "disk"} == {level}


def test_no_topdir(settings: Settings) -> None:
    result = of(check_machine(settings), "topdir")
    assert result.level is Level.WARN
    assert "createrepo" in result.message


def test_the_key_that_provenance_is_signed_with(machine: Machine, tmp_path: Path) -> None:
    def checked(key: Path) -> CheckResult:
        settings = load(machine.config, {"KOJI_ADJUTANT_PROVENANCE_KEY": str(key)})
        return of(check_machine(settings), "provenance_key")

    private, public = write_keys(tmp_path, ed25519.Ed25519PrivateKey.generate())
    assert checked(private).level is Level.OK
    assert checked(private).message.endswith(key_id(read_public_key(public)))
    assert checked(public).level is Level.FAIL
    assert checked(public).message == f"{public} is no private key in PEM: no build could end"


def test_a_configuration_that_is_wrong(machine: Machine) -> None:
    machine.config.write_text("[kojid]\nsever = x\n")
    result = machine.run(command, "--no-hub")
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert line.startswith("FAIL  configuration: Unknown option: ")


def test_limits_that_cannot_be_kept(machine: Machine, tmp_path: Path) -> None:
    host = {**INFO["host"], "cgroupControllers": ["cpu"]}  # type: ignore[dict-item]
    with FakePodman(tmp_path, {"GET info": (200, {**INFO, "host": host})}).serving() as podman:
        environ = {"KOJI_ADJUTANT_PODMAN_SOCKET": podman.address, "KOJI_ADJUTANT_CPU_LIMIT": "2"}
        environ["KOJI_ADJUTANT_MEMORY_LIMIT"] = "none"
        results = list(failing("podman", check_engine(load(machine.config, environ).adjutant)))
    assert of(iter(results), "limits").message.startswith(
        "this host's control groups have no pids controller"
    )


def test_no_engine(machine: Machine) -> None:
    environ = {"KOJI_ADJUTANT_PODMAN_SOCKET": f"unix://{machine.directory}/none.sock"}
    (result,) = failing("podman", check_engine(load(machine.config, environ).adjutant))
    assert result.level is Level.FAIL
    assert "none.sock" in result.message


@contextmanager
def a_server(date: datetime) -> Iterator[str]:
    """Something that answers HEAD and knows no XML-RPC, with this clock; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", format_datetime(date, usegmt=True))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        yield f"{url}/kojihub"


@pytest.mark.parametrize(
    ("minutes", "level", "word"),
    [(0, Level.OK, "as the hub's"), (5, Level.WARN, "behind"), (-5, Level.WARN, "ahead")],
)
def test_clocks(
    settings: Settings, minutes: int, level: Level, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Session:
        def getAPIVersion(self) -> int:  # noqa: N802
            return 1

    monkeypatch.setattr("koji_adjutant.cli.checks.hub.impatient_session", lambda _options: Session())
    monkeypatch.setattr("koji_adjutant.cli.checks.hub._login", lambda *_: iter(()))
    with a_server(datetime.now(UTC) + timedelta(minutes=minutes)) as url:
        settings.kojid.server = url
        settings.kojid.topurls = [url]
        results = list(check_hub(settings.kojid))
    clock = of(iter(results), "clock")
    assert clock.level is level
    assert word in clock.message
    assert of(iter(results), "files").level is Level.OK


def test_no_hub(settings: Settings) -> None:
    settings.kojid.server = "http://127.0.0.1:1/kojihub"
    (result,) = failing("hub", check_hub(settings.kojid))
    assert result.level is Level.FAIL
    assert "The hub cannot be reached" in result.message

"""``koji-adjutant check`` with real containers, and with a hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.config import load
from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.daemon.login import open_session
from koji_adjutant.devhub import running_devhub
from koji_adjutant.images.recipe import DEFAULT_REFERENCE
from tests.integration.cli.conftest import Run


def findings(output: str) -> dict[str, str]:
    """Subject → level and message."""
    lines = (line.split(":", 1) for line in output.splitlines())
    return {head.split(None, 1)[1]: f"{head.split(None, 1)[0]} {rest.strip()}" for head, rest in lines}


def test_a_machine_that_is_ready(
    adjutant: Run, kojid_conf: Path, tool_image: str, engine: PodmanManager
) -> None:
    result = adjutant("check", "--no-hub", "-c", kojid_conf)
    assert result.returncode == 0, result.stdout + result.stderr
    found = findings(result.stdout)
    assert found["podman"].startswith("ok podman ")
    assert found["containers"].startswith("ok one started copy-on-write")
    # the default one, which tests may have another one derived from
    assert found["tool image"].startswith(f"ok {DEFAULT_REFERENCE} is there")
    assert found["buildroot"].startswith("ok one was made, used by the build user and removed")
    assert found["network"] == "ok checkouts get one (bridge)"
    assert found["topdir"].startswith("warn")
    assert "FAIL" not in result.stdout
    assert engine.list_containers({f"{LABEL_PREFIX}role": "check"}) == []


def test_no_tool_image(adjutant: Run, kojid_conf: Path, engine: PodmanManager) -> None:
    with kojid_conf.open("a") as file:
        file.write("task_image_default = localhost/no-such-image:1\n")
    result = adjutant("check", "--no-hub", "-c", kojid_conf)
    assert result.returncode == 1
    assert findings(result.stdout)["tool image"].startswith(
        "FAIL the image localhost/no-such-image:1 is not in"
    )


def test_a_tool_image_that_lacks_something(adjutant: Run, kojid_conf: Path, poor_image: str) -> None:
    with kojid_conf.open("a") as file:
        file.write(f"task_image_default = {poor_image}\n")
    result = adjutant("check", "--no-hub", "-c", kojid_conf)
    assert result.returncode == 1
    found = findings(result.stdout)
    assert found["tool image"].startswith(f"FAIL {poor_image} is there, for ")
    assert "but it cannot run git" in found["tool image"]
    assert "buildroot" not in found


@pytest.fixture
def hub(tmp_path: Path, kojid_conf: Path) -> Iterator[Any]:
    """A hub that the configuration names; an administrator's session."""
    with running_devhub(tmp_path / "hub") as hub:
        admin = hub.session("kojiadmin", "kojiadmin")
        admin.addHost("builder1", ["x86_64"])
        admin.callMethod("devhub.setPassword", "builder1", "builder")
        text = kojid_conf.read_text().replace("http://127.0.0.1:1/kojihub", hub.url)
        text = text.replace("http://127.0.0.1:1/kojifiles", hub.files_url)
        kojid_conf.write_text(text.replace("[kojid]\n", "[kojid]\nuser = builder1\npassword = builder\n"))
        yield admin
        admin.logout()


def test_a_hub_that_lets_it_in(adjutant: Run, kojid_conf: Path, hub: Any, tool_image: str) -> None:
    result = adjutant("check", "-c", kojid_conf)
    assert result.returncode == 0, result.stdout + result.stderr
    found = findings(result.stdout)
    assert found["hub"].startswith("ok")
    assert found["clock"] == "ok as the hub's"
    assert found["files"].startswith("ok")
    assert found["login"] == "ok works; this is the host builder1"


def test_a_worker_that_runs_keeps_its_session(
    adjutant: Run, kojid_conf: Path, hub: Any, tool_image: str
) -> None:
    options = load(kojid_conf, {}).kojid
    worker = open_session(options)
    result = adjutant("check", "-c", kojid_conf)
    assert findings(result.stdout)["login"].startswith("ok works; a worker holds this host's session")
    assert worker.echo("still there") == ["still there"]
    worker.logout()


def test_a_host_of_another_arch_without_tasks(
    adjutant: Run, kojid_conf: Path, hub: Any, tool_image: str
) -> None:
    hub.editHost("builder1", arches="s390x")
    hub.disableHost("builder1")
    result = adjutant("check", "-c", kojid_conf)
    assert result.returncode == 0
    warnings = [line for line in result.stdout.splitlines() if line.startswith("warn  host: ")]
    assert "koji enable-host builder1" in warnings[0]
    assert "believes it to be s390x" in warnings[1]


@pytest.mark.parametrize(
    ("user", "password", "sentence"),
    [
        ("builder1", "wrong", "refused the login of user builder1"),
        ("kojiadmin", "kojiadmin", "is not a build host"),
    ],
)
def test_who_is_not_let_in(
    adjutant: Run, kojid_conf: Path, hub: Any, tool_image: str, user: str, password: str, sentence: str
) -> None:
    text = kojid_conf.read_text().replace("user = builder1\npassword = builder\n", "")
    kojid_conf.write_text(text.replace("[kojid]\n", f"[kojid]\nuser = {user}\npassword = {password}\n"))
    result = adjutant("check", "-c", kojid_conf)
    assert result.returncode == 1
    assert findings(result.stdout)["login"].startswith("FAIL")
    assert sentence in findings(result.stdout)["login"]

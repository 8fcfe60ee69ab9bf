"""Programs of ours on a root: how long they may take."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from koji_adjutant.buildroot.toolbox import Role, run_tool
from koji_adjutant.builds.explanation import failure_class
from koji_adjutant.builds.failure import kojid_message_on_failure
from koji_adjutant.errors import BuildTimeout, ContainerTimeout, FailureClass, InstallTimeout


def run(role: Role, log: io.BytesIO) -> None:
    def too_slow(*_arguments: object, timeout: float, **_options: object) -> int:
        raise ContainerTimeout(f"python3 took longer than {timeout:g} s and was killed")

    workspace: Any = SimpleNamespace(tools=SimpleNamespace(run=too_slow), install_timeout=7200.0)
    run_tool(workspace, "program.py", role=role, work=Path("/w"), root=Path("/r"), log=log)


@pytest.mark.parametrize(
    ("role", "doing"),
    [
        ("resolve", "resolving what has to be installed"),
        ("install", "installing packages, with their scripts,"),
    ],
)
def test_what_took_too_long_is_said_in_the_log_too(role: Role, doing: str) -> None:
    log = io.BytesIO()
    with pytest.raises(InstallTimeout) as caught:
        run(role, log)
    assert str(caught.value) == f"{doing} did not end within 7200 seconds (install_timeout) and was stopped"
    assert log.getvalue().decode() == f"{caught.value}\n"


def test_buildrequires_that_take_too_long_are_a_timeout() -> None:
    with (
        pytest.raises(BuildTimeout, match=r"(?s)mock exited with status 30; see root\.log .*\ninstalling"),
        kojid_message_on_failure("error building package (arch x86_64)"),
    ):
        run("install", io.BytesIO())


def test_the_class_of_a_base_that_takes_too_long() -> None:
    with pytest.raises(InstallTimeout) as caught:
        run("install", io.BytesIO())
    assert failure_class(caught.value) is FailureClass.TIMEOUT

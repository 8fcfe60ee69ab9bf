"""Which runtime a host's containers get."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.container import service_config
from koji_adjutant.container.service_config import inspect_host


@pytest.mark.parametrize(
    ("crun", "runc", "hybrid", "runtime"),
    [
        ("1.8.1", True, False, "runc"),
        # podman's own choice, which `check` tries
        ("1.8.1", False, False, None),
        ("1.21", True, False, None),
        ("2.0", True, False, None),
        (None, True, False, None),
        ("1.28", True, True, "runc"),
    ],
)
def test_the_runtime(
    crun: str | None,
    runc: bool,
    hybrid: bool,
    runtime: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    programs = {"crun": f"crun version {crun}\ncommit: 0\n+SYSTEMD"} if crun else {}
    for name, says in (programs | ({"runc": "runc version 1.1.5"} if runc else {})).items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{says}'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(service_config, "has_hybrid_cgroups", lambda _mounts: hybrid)
    assert inspect_host().runtime == runtime

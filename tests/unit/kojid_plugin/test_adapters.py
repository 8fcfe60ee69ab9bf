"""Plugin mode: what a stock kojid gets of us."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from koji_adjutant.config import load_adjutant
from koji_adjutant.errors import ConfigError
from koji_adjutant.kojid_plugin import adapters
from koji_adjutant.task_adapters import ADAPTERS
from tests.support.scripted_hub import ScriptedHub


class Engine:
    """Has one container of a running task and one of a dead one."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def list_containers(self, _labels: Any) -> list[Any]:
        return [
            SimpleNamespace(id=task, name=task, labels={"io.koji.adjutant.task_id": task}) for task in "12"
        ]

    def remove(self, container: str) -> None:
        self.removed.append(container)


def test_a_stock_kojid_gets_our_adapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    monkeypatch.setattr(adapters, "open_engine", lambda *_, **__: engine)
    monkeypatch.setattr("atexit.register", lambda _: None)
    configuration = tmp_path / "adjutant.conf"
    configuration.write_text(f"[adjutant]\nstate_dir = {tmp_path}\n")
    plugged = adapters.plugged_adapters({"KOJI_ADJUTANT_CONFIG": str(configuration)})
    assert [one.Methods for one in plugged] == [one.Methods for one in ADAPTERS]
    options = SimpleNamespace(server="http://hub/kojihub", workdir=str(tmp_path))
    hub = ScriptedHub(host__getHostTasks=[{"id": 1}])
    task = plugged[0](1, plugged[0].Methods[0], [], hub, options)
    assert task.adjutant.state_dir == tmp_path
    task._remove_leftovers()
    assert engine.removed == ["2"]


def test_the_plugins_own_file_has_our_section_only(tmp_path: Path) -> None:
    (tmp_path / "adjutant.conf").write_text("[kojid]\nserver = x\n")
    with pytest.raises(ConfigError, match="kojid"):
        load_adjutant(tmp_path / "adjutant.conf", {})
    assert load_adjutant(tmp_path / "absent.conf", {}).state_dir == Path("/var/lib/koji-adjutant")

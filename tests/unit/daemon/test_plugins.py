"""Which builder plugins are loaded, and what is said of those that cannot be."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import koji.plugin
import pytest
from koji.daemon import TaskManager

from koji_adjutant.config import load_adjutant
from koji_adjutant.daemon.plugins import load_plugins
from koji_adjutant.errors import ConfigError
from koji_adjutant.kojid_plugin import adapters
from koji_adjutant.task_adapters import ADAPTERS
from koji_adjutant.task_adapters.runroot import RunRootTask
from koji_adjutant.task_adapters.save_failed_tree import SaveFailedTreeTask
from tests.support.scripted_hub import ScriptedHub


@pytest.fixture
def manager() -> TaskManager:
    manager = TaskManager.__new__(TaskManager)
    manager.handlers = {}
    return manager


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "unit_good.py").write_text(
        "import koji.tasks\n"
        "class Good(koji.tasks.BaseTaskHandler):\n    Methods = ['good']\n"
        "def hook(*args, **kws): pass\n"
        "hook.callbacks = ('preSCMCheckout',)\n"
    )
    (tmp_path / "unit_stock.py").write_text("from __main__ import BuildRoot\n")
    (tmp_path / "runroot.py").write_text("raise AssertionError\n")
    return tmp_path


def test_handlers_and_callbacks(manager: TaskManager, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(koji.plugin.callbacks, "preSCMCheckout", [])
    load_plugins(manager, ["unit_good"], ["/nowhere", str(path)])
    assert list(manager.handlers) == ["good"]
    assert [hook.__name__ for hook in koji.plugin.callbacks["preSCMCheckout"]] == ["hook"]


def test_stock_plugins_that_are_ours(manager: TaskManager, path: Path) -> None:
    load_plugins(manager, ["runroot", "save_failed_tree"], [str(path)])
    assert manager.handlers == {"runroot": RunRootTask, "saveFailedTree": SaveFailedTreeTask}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "There is no plugin absent in /nowhere:"),
        ("unit_stock", r"unit_stock cannot be loaded: .*BuildRoot.*needs parts of the stock kojid"),
    ],
)
def test_plugins_that_cannot_be_loaded(manager: TaskManager, path: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_plugins(manager, [name], ["/nowhere", str(path)])


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

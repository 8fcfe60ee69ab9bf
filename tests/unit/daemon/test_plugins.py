"""Which builder plugins are loaded, and what is said of those that cannot be."""

from __future__ import annotations

from pathlib import Path

import koji.plugin
import pytest
from koji.daemon import TaskManager

from koji_adjutant.daemon.plugins import load_plugins
from koji_adjutant.errors import ConfigError
from koji_adjutant.task_adapters.runroot import RunRootTask
from koji_adjutant.task_adapters.save_failed_tree import SaveFailedTreeTask


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
    (tmp_path / "unit_stock_policy.py").write_text(
        "from koji.plugin import callback\nfrom __main__ import BuildRoot\n"
    )
    (tmp_path / "unit_bare.py").write_text(
        "try:\n    raise OSError('libgit2.so: not found')\n"
        "except OSError as error:\n    raise ImportError from error\n"
    )
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
        ("unit_bare", "unit_bare cannot be loaded: libgit2.so: not found; take it out"),
        ("unit_stock_policy", r"unit_stock_policy cannot be loaded: .*BuildRoot.*; take it out"),
    ],
)
def test_plugins_that_cannot_be_loaded(manager: TaskManager, path: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_plugins(manager, [name], ["/nowhere", str(path)])


def test_plugins_with_tasks_for_a_stock_builder_are_left_out(manager: TaskManager, path: Path) -> None:
    """kiwi and dud are like this; those after them are loaded."""
    good = (path / "unit_good.py").read_text().split("def hook")[0]
    (path / "unit_fine.py").write_text(good.replace("good", "fine"))
    (sentence,) = load_plugins(manager, ["unit_stock", "unit_fine"], ["/nowhere", str(path)])
    assert sentence == (
        "The plugin unit_stock needs parts of the stock kojid, which run mock: "
        "its tasks are left to other builders"
    )
    assert list(manager.handlers) == ["fine"]

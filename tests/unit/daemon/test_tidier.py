"""When the worker tidies up, and what it does then."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.config import KojidOptions
from koji_adjutant.daemon import tidier as tidier_module
from koji_adjutant.daemon.claims import TaskClaims
from koji_adjutant.daemon.tidier import Tidier, forget_the_dead, tidy, tidy_up_alone
from koji_adjutant.errors import EngineError
from tests.support.waiting import until


@pytest.fixture
def notes(tmp_path: Path) -> Callable[[], None]:
    def note() -> None:
        with (tmp_path / "notes").open("a") as file:
            file.write("tidied\n")

    return note


def runs(tidier: Tidier, directory: Path, *, idle: bool) -> int:
    """How often it has run when nothing runs any more."""

    def nothing_runs() -> bool:
        tidier.tend(idle=idle)
        return tidier._process.pid is None

    until(nothing_runs, "the process has ended")
    return (directory / "notes").read_text().count("\n")


def test_it_begins_with_the_worker_and_when_something_was_left(
    tmp_path: Path, notes: Callable[[], None]
) -> None:
    tidier = Tidier(notes)
    tidier.tend(idle=False)
    assert runs(tidier, tmp_path, idle=False) == 1
    assert runs(tidier, tmp_path, idle=True) == 1  # not so soon
    tidier.wake()
    tidier.tend(idle=False)
    assert runs(tidier, tmp_path, idle=False) == 2


def test_it_comes_again_in_idle_time(
    tmp_path: Path, notes: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    tidier = Tidier(notes)
    tidier.tend(idle=True)
    assert runs(tidier, tmp_path, idle=False) == 1
    tidier._not_before = 0
    assert runs(tidier, tmp_path, idle=False) == 1
    tidier.tend(idle=True)
    assert runs(tidier, tmp_path, idle=False) == 2


def killed(options: KojidOptions, task_id: int) -> Path:
    """A directory of a task whose process died."""
    directory = Path(options.workdir) / "tasks" / str(task_id) / str(task_id)
    (directory / "work").mkdir(parents=True)
    pid = os.fork()
    if not pid:
        with TaskClaims(options.adjutant.state_dir).hold(task_id):
            os._exit(1)
    os.waitpid(pid, 0)
    return directory


def left(options: KojidOptions) -> list[str]:
    return sorted(path.name for path in Path(options.workdir).glob("tasks/*/*"))


def test_a_start_puts_aside_what_dead_tasks_have_and_no_more(options: KojidOptions) -> None:
    claims = TaskClaims(options.adjutant.state_dir)
    killed(options, 7)
    with claims.hold(8):
        (Path(options.workdir) / "tasks/8/8").mkdir(parents=True)
        forget_the_dead(options)
        aside, living = left(options)
        assert (aside.startswith("7-"), aside.endswith(".trash"), living) == (True, True, "8")
        assert claims.held(8)
    assert claims.abandoned() == []


def test_one_directory_that_cannot_be_put_aside_does_not_keep_the_others(
    options: KojidOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(options, 7), killed(options, 9)
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "7":
            raise PermissionError("it is immutable")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    forget_the_dead(options)
    assert TaskClaims(options.adjutant.state_dir).abandoned() == [7]
    monkeypatch.undo()
    forget_the_dead(options)
    assert TaskClaims(options.adjutant.state_dir).abandoned() == []


@pytest.mark.parametrize("engine_answers", [True, False])
def test_tidying_deletes_all_of_it(
    options: KojidOptions, monkeypatch: pytest.MonkeyPatch, engine_answers: bool
) -> None:
    @contextmanager
    def engine(*_: Any, **__: Any) -> Iterator[Any]:
        if not engine_answers:
            raise EngineError("no podman")
        yield type("Engine", (), {"list_containers": lambda *_: []})()

    monkeypatch.setattr(tidier_module, "open_engine", engine)
    monkeypatch.setattr(os, "nice", lambda _: 19)
    killed(options, 7)
    workdir = Path(options.workdir)
    (workdir / "tasks/9/9-1-2.trash/deep").mkdir(parents=True)
    (workdir / f"idle-{os.getpid()}").mkdir()
    forget_the_dead(options)
    killed(options, 11)
    staging = options.adjutant.state_dir / "roots" / "staging" / "key.random"
    staging.mkdir(parents=True)
    tidy(options)
    assert left(options) == []
    assert TaskClaims(options.adjutant.state_dir).abandoned() == []
    assert not staging.exists()
    assert (workdir / f"idle-{os.getpid()}").exists()


@pytest.fixture
def trash(options: KojidOptions, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that a task has put aside."""
    monkeypatch.setattr(os, "nice", lambda _increment: 0)
    options.adjutant.state_dir.mkdir(parents=True, exist_ok=True)
    directory = Path(options.workdir) / "tasks" / "7" / "7-1-1.trash"
    directory.mkdir(parents=True)
    return directory


def test_a_task_of_a_stock_kojid_tidies_up_itself(options: KojidOptions, trash: Path) -> None:
    tidy_up_alone(options)
    assert not trash.exists()


def test_only_one_of_them_is_at_it(options: KojidOptions, trash: Path) -> None:
    with (options.adjutant.state_dir / "tidying").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tidy_up_alone(options)
    assert trash.exists()


def test_it_sees_to_what_others_put_aside_meanwhile(
    options: KojidOptions, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And does not look for ever at what it cannot delete."""
    another = trash.with_name("7-1-2.trash")
    times: list[int] = []

    def tidying(_options: KojidOptions) -> None:
        times.append(1)
        another.mkdir(exist_ok=True)

    monkeypatch.setattr(tidier_module, "tidy_up", tidying)
    tidy_up_alone(options)
    assert (len(times), trash.exists(), another.exists()) == (2, True, True)

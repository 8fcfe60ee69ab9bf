"""Commands that something has stopped."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from koji_adjutant.container import processes, stopped
from koji_adjutant.container.processes import is_stopped
from koji_adjutant.container.stopped import LOOKS, StoppedWatch
from koji_adjutant.errors import EngineError

CONTAINER = "c0ffee"


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(processes, "PROC", tmp_path)
    return tmp_path


def add(proc: Path, pid: int, state: str, parent: int, container: str = CONTAINER) -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "stat").write_text(f"{pid} (a) T (b) {state} {parent} {pid} 10 0\n")
    (proc / str(pid) / "cgroup").write_text(f"0::/{container}\n")


@pytest.mark.parametrize(
    ("shell", "child", "expected"),
    [
        ("T", "Z", True),  # its command is over
        ("T", "T", True),
        ("t", "Z", True),  # by a debugger
        ("T", "S", False),  # what runs may continue it
        ("S", "T", False),
        ("S", "S", False),
        ("Z", "Z", False),
    ],
)
def test_a_shell_and_its_command(proc: Path, shell: str, child: str, expected: bool) -> None:
    add(proc, 10, shell, 1)
    add(proc, 11, child, 10)
    add(proc, 12, "S", 1)  # left behind by the command
    assert is_stopped(10, CONTAINER) is expected


def test_a_process_of_somebody_else_is_not_looked_at(proc: Path) -> None:
    add(proc, 10, "T", 1, container="another")
    assert not is_stopped(10, CONTAINER)
    assert not is_stopped(11, CONTAINER)


def watch(monkeypatch: pytest.MonkeyPatch, looks: list[bool | None]) -> tuple[bool, int]:
    """Whether a watch whose looks see this, None being an engine that does not answer, finds, and kills."""
    monkeypatch.setattr(stopped, "LOOK_SECONDS", 0.001)
    done = threading.Event()
    kills: list[int] = []

    def look() -> bool:
        if not looks:
            done.set()
            return False
        if (seen := looks.pop(0)) is None:
            raise EngineError("no answer")
        return seen

    def kill() -> None:
        kills.append(1)
        done.set()

    with StoppedWatch(look, kill) as found:
        assert done.wait(60)
    return found.found, len(kills)


def test_what_stays_stopped_is_killed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watch(monkeypatch, [False, *[True] * LOOKS, True]) == (True, 1)


@pytest.mark.parametrize("between", [False, None])
def test_what_goes_on_is_left_alone(monkeypatch: pytest.MonkeyPatch, between: bool | None) -> None:
    often = [True] * (LOOKS - 1)
    assert watch(monkeypatch, [*often, between, *often]) == (False, 0)


def test_a_kill_that_fails_is_raised_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopped, "LOOK_SECONDS", 0.001)
    killed = threading.Event()

    def kill() -> None:
        killed.set()
        raise EngineError("no engine")

    with pytest.raises(EngineError, match="no engine"), StoppedWatch(lambda: True, kill):
        assert killed.wait(60)

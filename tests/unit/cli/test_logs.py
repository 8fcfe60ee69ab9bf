"""``koji-adjutant logs``: byte for byte, while a log grows, until its task ends."""

from __future__ import annotations

import multiprocessing
import os
import pty
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from koji_adjutant.cli.logs import command
from koji_adjutant.errors import NotFound, UsageError
from tests.support.terminal import seen_on
from tests.unit.cli.conftest import Machine

ANYTHING = bytes(range(256)) * 3 + b"no line break at the end \xff\x00"


def test_byte_for_byte(machine: Machine) -> None:
    (machine.kept_logs(7) / "build.log").write_bytes(ANYTHING)
    assert machine.run(command, 7).stdout_bytes == ANYTHING


def test_the_log_of_the_latest_step(machine: Machine) -> None:
    directory = machine.kept_logs(7)
    (directory / "root.log").write_text("root")
    (directory / "state.log").write_text("state")
    assert machine.run(command, 7).stdout == "root"
    (directory / "build.log").write_text("build")
    assert machine.run(command, 7).stdout == "build"
    assert machine.run(command, 7, "--name", "state.log").stdout == "state"


def test_the_names_of_the_logs(machine: Machine) -> None:
    for name in ("root.log", "build.log", "koji.repo"):
        (machine.kept_logs(7) / name).touch()
    assert machine.run(command, 7, "--list").stdout.splitlines() == ["build.log", "koji.repo", "root.log"]


@pytest.mark.parametrize(
    ("count", "shown"), [(0, b""), (1, b"c"), (2, b"b\nc"), (3, b"a\nb\nc"), (9, b"a\nb\nc")]
)
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_the_last_lines(machine: Machine, count: int, shown: bytes, end: bytes) -> None:
    (machine.kept_logs(7) / "build.log").write_bytes(b"a\nb\nc" + end)
    assert machine.run(command, 7, "-n", count).stdout_bytes == shown + (end if shown else b"")


def test_last_lines_that_are_longer_than_what_is_read_at_once(machine: Machine) -> None:
    lines = [letter * 100_000 + b"\n" for letter in (b"a", b"b", b"c")]
    (machine.kept_logs(7) / "build.log").write_bytes(b"".join(lines))
    assert machine.run(command, 7, "-n", 2).stdout_bytes == lines[1] + lines[2]


@pytest.mark.parametrize("name", ["../../kojid.conf", "/etc/passwd", "..", "", "a/b"])
def test_what_is_no_name_of_a_log(machine: Machine, name: str) -> None:
    machine.kept_logs(7)
    assert isinstance(machine.run(command, 7, "--name", name).exception, UsageError)


def test_links_and_pipes_are_no_logs(machine: Machine) -> None:
    directory = machine.kept_logs(7)
    (directory / "build.log").symlink_to("/etc/passwd")
    os.mkfifo(directory / "root.log")
    for name in ("build.log", "root.log"):
        assert isinstance(machine.run(command, 7, "--name", name).exception, NotFound)


def test_a_log_that_is_not_there(machine: Machine) -> None:
    (machine.kept_logs(7) / "root.log").touch()
    result = machine.run(command, 7, "--name", "build.log")
    assert str(result.exception) == "Task 7 has no build.log; there is: root.log."


@pytest.mark.parametrize("options", [[], ["-f"], ["--list"]])
def test_a_task_that_is_not_known(machine: Machine, options: list[str]) -> None:
    result = machine.run(command, 7, *options)
    assert isinstance(result.exception, NotFound)
    assert "no logs of task 7 here" in str(result.exception)


@contextmanager
def a_task(machine: Machine, task_id: int) -> Iterator[Callable[[], None]]:
    """A process that holds the task's claim until it is told to end."""
    context = multiprocessing.get_context("fork")
    held, ended = context.Event(), context.Event()

    def work() -> None:
        with machine.claims.hold(task_id):
            held.set()
            ended.wait()

    process = context.Process(target=work)
    process.start()
    held.wait()
    try:
        yield ended.set
    finally:
        ended.set()
        process.join()


@contextmanager
def follower(machine: Machine, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    words = [
        sys.executable,
        "-m",
        "koji_adjutant.cli",
        "logs",
        "7",
        "-f",
        "-c",
        str(machine.config),
        *options,
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
            process.wait()
        finally:
            process.kill()


def read(process: subprocess.Popen[bytes], size: int) -> bytes:
    assert process.stdout
    return process.stdout.read(size)


def test_following_until_the_task_ends(machine: Machine) -> None:
    with (
        a_task(machine, 7) as end,
        follower(machine, "--name", "build.log") as process,
        (machine.running_logs(7) / "build.log").open("wb", buffering=0) as log,
    ):
        log.write(b"one\n\xff")
        assert read(process, 5) == b"one\n\xff"
        log.write(b"two")
        assert read(process, 3) == b"two"
        log.write(b"and the end")
        # as a task does it: logs are kept, then its directory is put aside
        (machine.kept_logs(7) / "build.log").write_bytes(b"one\n\xfftwoand the end")
        machine.running_logs(7).parent.rename(machine.directory / "work" / "aside")
        end()
        assert read(process, 100) == b"and the end"
    assert process.returncode == 0


def test_following_one_step_after_the_other(machine: Machine) -> None:
    with a_task(machine, 7) as end, follower(machine) as process:
        directory = machine.running_logs(7)
        (directory / "root.log").write_bytes(b"installing")
        assert read(process, 10) == b"installing"
        (directory / "build.log").write_bytes(b"compiling")
        assert read(process, 9) == b"compiling"
        end()
        assert read(process, 1) == b""
        assert process.stderr
        assert b"==> build.log <==" in process.stderr.read()


def test_following_a_log_that_is_written_anew(machine: Machine) -> None:
    with a_task(machine, 7) as end, follower(machine, "--name", "build.log") as process:
        path = machine.running_logs(7) / "build.log"
        path.write_bytes(b"first try")
        assert read(process, 9) == b"first try"
        path.unlink()
        path.write_bytes(b"second try")
        assert read(process, 10) == b"second try"
        end()


def test_following_the_last_lines_only(machine: Machine) -> None:
    (machine.running_logs(7) / "build.log").write_bytes(b"old\nnew\n")
    with a_task(machine, 7) as end, follower(machine, "-n", "1") as process:
        assert read(process, 4) == b"new\n"
        end()
        assert read(process, 1) == b""


def test_following_a_task_that_was_killed_ends(machine: Machine) -> None:
    (machine.running_logs(7) / "build.log").write_bytes(b"so far")
    context = multiprocessing.get_context("fork")
    held = context.Event()

    def work() -> None:
        with machine.claims.hold(7):
            held.set()
            signal.pause()

    task = context.Process(target=work)
    task.start()
    held.wait()
    with follower(machine) as process:
        assert read(process, 6) == b"so far"
        task.kill()
        assert read(process, 1) == b""
    task.join()
    assert process.returncode == 0


def test_a_large_log_takes_no_more_memory_than_a_small_one(machine: Machine) -> None:
    log = machine.kept_logs(7) / "build.log"
    with log.open("wb") as file:
        file.truncate(512 << 20)
    limit = 256 << 20

    def little_memory() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    for options in ([], ["-n", "1"]):
        words = [sys.executable, "-m", "koji_adjutant.cli", "logs", "7", "-c", str(machine.config), *options]
        done = subprocess.run(words, stdout=subprocess.DEVNULL, preexec_fn=little_memory, check=False)
        assert done.returncode == 0


def test_a_terminal_is_not_told_what_to_do(machine: Machine) -> None:
    (machine.kept_logs(7) / "build.log").write_bytes(b"\x1b[31mred\x1b[0m \x1b]0;title\x07\n")
    assert on_a_terminal(machine) == b"\x1b[31mred\x1b[0m ^[]0;title^G\r\n\x1b[0m"


def on_a_terminal(machine: Machine) -> bytes:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "koji_adjutant.cli", "logs", "7", "-c", str(machine.config)]
    subprocess.run(words, stdout=theirs, check=True)
    os.close(theirs)
    return seen_on(ours)


def test_the_reader_may_stop_reading(machine: Machine, tmp_path: Path) -> None:
    (machine.kept_logs(7) / "build.log").write_bytes(b"x" * 10_000_000)
    words = f"{sys.executable} -m koji_adjutant.cli logs 7 -c {machine.config} | head -c 1"
    done = subprocess.run(["/bin/sh", "-c", words], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"x", b"")

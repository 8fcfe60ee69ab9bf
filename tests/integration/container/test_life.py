"""Exec, copies, waiting, listing, removing, and cleaning up whatever happens."""

from __future__ import annotations

import io
import os
import resource
import select
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.errors import ContainerTimeout, EngineError
from tests.integration.container.conftest import OWNER, MakeSpec

MINE = {"io.koji.adjutant.task_id": OWNER.task_id, "io.koji.adjutant.role": "test"}


@pytest.fixture
def running(engine: PodmanManager, spec: MakeSpec) -> Iterator[str]:
    with engine.container(spec(["sleep", "6000"])) as container:
        engine.start(container)
        yield container


def test_exec_keeps_the_streams_apart(engine: PodmanManager, running: str) -> None:
    out, err = io.BytesIO(), io.BytesIO()
    script = r"printf 'a\0\377'; printf 'b\n' >&2; exit 3"
    assert engine.exec(running, ["bash", "-c", script], stdout=out, stderr=err) == 3
    assert (out.getvalue(), err.getvalue()) == (b"a\0\xff", b"b\n")


def test_exec_takes_user_workdir_and_environment(engine: PodmanManager, running: str) -> None:
    out = io.BytesIO()
    code = engine.exec(
        running,
        ["sh", "-c", 'id -u; pwd; echo "$A"'],
        stdout=out,
        user="1234:1234",
        workdir=PurePosixPath("/usr"),
        environment={"A": "x=y z"},
    )
    assert (code, out.getvalue()) == (0, b"1234\n/usr\nx=y z\n")


def test_exec_happens_exactly_once(engine: PodmanManager, running: str) -> None:
    for _ in range(5):
        assert engine.exec(running, ["sh", "-c", "echo once >> /tmp/count; exit 9"], stdout=io.BytesIO()) == 9
    out = io.BytesIO()
    assert engine.exec(running, ["cat", "/tmp/count"], stdout=out) == 0
    assert out.getvalue() == b"once\n" * 5


def test_exec_gives_large_output_whole(engine: PodmanManager, running: str) -> None:
    out = io.BytesIO()
    assert engine.exec(running, ["seq", "1", "300000"], stdout=out) == 0
    assert out.getvalue() == b"".join(b"%d\n" % n for n in range(1, 300001))


def test_exec_of_a_missing_command_is_127(engine: PodmanManager, running: str) -> None:
    out = io.BytesIO()
    assert engine.exec(running, ["no-such-program"], stdout=out) == 127
    assert b"no-such-program" in out.getvalue()


def test_exec_that_takes_too_long_is_killed_with_its_children(engine: PodmanManager, running: str) -> None:
    with pytest.raises(ContainerTimeout, match=r"took longer than 0\.5 s"):
        engine.exec(
            running,
            ["sh", "-c", "sleep 777 & setsid sleep 778 & sleep 779"],
            stdout=io.BytesIO(),
            timeout=0.5,
        )
    out = io.BytesIO()
    assert engine.exec(running, ["sh", "-c", "cat /proc/[0-9]*/cmdline"], stdout=out) == 0
    commands = out.getvalue().replace(b"\0", b" ")
    assert b"sleep 6000" in commands
    assert b"sleep 77" not in commands


def test_exec_in_a_container_that_does_not_run_is_refused(engine: PodmanManager, spec: MakeSpec) -> None:
    with engine.container(spec(["true"])) as container, pytest.raises(EngineError, match="running"):
        engine.exec(container, ["true"], stdout=io.BytesIO())


def test_waiting_for_what_never_started_is_an_error(engine: PodmanManager, spec: MakeSpec) -> None:
    with engine.container(spec(["true"])) as container:
        with pytest.raises(EngineError, match="never started"):
            engine.wait(container)
        assert engine.inspect(container).exit_code is None


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """On which containers can wait, who see its directory."""
    path = tmp_path / "shared" / "go"
    path.parent.mkdir()
    os.mkfifo(path)
    return path


def test_waiting_gives_the_exit_code_and_has_a_limit(
    engine: PodmanManager, spec: MakeSpec, fifo: Path
) -> None:
    mount = VolumeMount(fifo.parent, PurePosixPath("/shared"))
    command = ["sh", "-c", "read x < /shared/go; exit 6"]
    with engine.container(spec(command, mounts=[mount])) as container:
        engine.start(container)
        with pytest.raises(ContainerTimeout):
            engine.wait(container, timeout=0.3)
        fifo.write_text("go\n")
        assert engine.wait(container, timeout=60) == 6
        state = engine.inspect(container)
    assert (state.status, state.exit_code) == ("exited", 6)


def test_logs_hold_everything_after_the_end(engine: PodmanManager, spec: MakeSpec) -> None:
    with engine.container(spec(["seq", "1", "50000"])) as container:
        engine.start(container)
        sink = io.BytesIO()
        engine.stream_logs(container, sink)
        assert engine.wait(container) == 0
    assert sink.getvalue() == b"".join(b"%d\n" % n for n in range(1, 50001))


def test_logs_come_live_if_asked_for_before_the_start(
    engine: PodmanManager, spec: MakeSpec, fifo: Path
) -> None:
    mount = VolumeMount(fifo.parent, PurePosixPath("/shared"))
    command = ["sh", "-c", "echo up; read x < /shared/go; echo done"]
    with engine.container(spec(command, mounts=[mount])) as container:

        class Sink(io.BytesIO):
            def write(self, data: object, /) -> int:
                written = super().write(data)  # type: ignore[arg-type]
                if self.getvalue() == b"up\n":
                    fifo.write_text("go\n")
                return written

        sink = Sink()
        reader = threading.Thread(target=engine.stream_logs, args=(container, sink))
        reader.start()
        while engine.inspect(container).status == "created":
            pass
        engine.start(container)
        reader.join(60)
    assert sink.getvalue() == b"up\ndone\n"


def test_files_and_directories_are_copied_both_ways(
    engine: PodmanManager, running: str, tmp_path: Path
) -> None:
    source = tmp_path / "tree"
    (source / "below").mkdir(parents=True)
    (source / "below" / "näme with\nline").write_bytes(b"\0\1\2")
    (source / "link").symlink_to("below")
    (source / "tool").write_text("#!/bin/sh\necho works\n")
    (source / "tool").chmod(0o755)
    engine.copy_to(running, source, PurePosixPath("/var/tmp"))
    out = io.BytesIO()
    assert engine.exec(running, ["/var/tmp/tree/tool"], stdout=out) == 0
    assert out.getvalue() == b"works\n"
    back = tmp_path / "back"
    back.mkdir()
    engine.copy_from(running, PurePosixPath("/var/tmp/tree"), back)
    assert (back / "tree/below/näme with\nline").read_bytes() == b"\0\1\2"
    assert (back / "tree/link").readlink() == Path("below")
    assert os.access(back / "tree/tool", os.X_OK)


def test_copies_to_and_from_nowhere_are_errors(engine: PodmanManager, running: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match="no-such"):
        engine.copy_to(running, tmp_path / "file", PurePosixPath("/no-such"))
    with pytest.raises(EngineError, match="no-such"):
        engine.copy_to(running, tmp_path / "no-such", PurePosixPath("/tmp"))
    with pytest.raises(EngineError, match="no-such"):
        engine.copy_from(running, PurePosixPath("/no-such"), tmp_path)


def test_a_link_that_leads_out_is_not_copied(engine: PodmanManager, running: str, tmp_path: Path) -> None:
    script = "mkdir /tmp/results; ln -s /etc/shadow /tmp/results/rpm"
    assert engine.exec(running, ["sh", "-c", script], stdout=io.BytesIO()) == 0
    with pytest.raises(EngineError, match="leads out"):
        engine.copy_from(running, PurePosixPath("/tmp/results"), tmp_path)
    assert not (tmp_path / "results/rpm").is_symlink()


def test_big_files_are_not_held_in_memory(engine: PodmanManager, running: str, tmp_path: Path) -> None:
    size = 300 << 20
    with (tmp_path / "big").open("wb") as file:
        file.truncate(size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    engine.copy_to(running, tmp_path / "big", PurePosixPath("/var/tmp"))
    (tmp_path / "back").mkdir()
    engine.copy_from(running, PurePosixPath("/var/tmp/big"), tmp_path / "back")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert (tmp_path / "back/big").stat().st_size == size
    assert grown < size / 4


def test_labels_find_containers(engine: PodmanManager, spec: MakeSpec) -> None:
    with engine.container(spec(["true"], labels={"colour": "blue"})) as container:
        found = engine.list_containers({**MINE, "colour": "blue", "io.koji.adjutant.managed": "true"})
        assert [state.id for state in found] == [container]
        assert found[0].labels["io.koji.adjutant.worker_id"] == OWNER.worker_id
        assert engine.list_containers({"colour": "red"}) == []


def test_removing_kills_at_once_and_may_be_repeated(engine: PodmanManager, spec: MakeSpec) -> None:
    container = engine.create(spec(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]))
    engine.start(container)
    engine.remove(container)
    engine.remove(container)
    assert engine.list_containers(MINE) == []


def test_a_container_may_end_while_it_is_removed(engine: PodmanManager, spec: MakeSpec) -> None:
    """podman (4.3) fails to kill what has ended and its monitor has not seen yet."""
    for _ in range(10):
        with engine.container(spec(["sleep", "600"])) as container:
            engine.start(container)
            os.kill(engine._inspect(container)["State"]["Pid"], signal.SIGKILL)
    assert engine.list_containers(MINE) == []


def test_an_exception_leaves_no_container(engine: PodmanManager, spec: MakeSpec) -> None:
    def interrupted() -> None:
        with engine.container(spec(["sleep", "600"])) as container:
            engine.start(container)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert engine.list_containers(MINE) == []


def test_a_sink_that_fails_leaves_no_container(engine: PodmanManager, spec: MakeSpec) -> None:
    class Full:
        def write(self, _data: bytes, /) -> object:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        engine.run(spec(["sh", "-c", "while :; do echo x; done"]), Full())
    assert engine.list_containers(MINE) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_no_container(
    engine: PodmanManager, tool_image: str, state_dir: Path, number: signal.Signals
) -> None:
    """A process of its own that runs a container, signalled when the container has said something."""
    program = f"""
        from pathlib import Path
        from koji_adjutant.config import AdjutantOptions
        from koji_adjutant.container.engine import open_engine
        from koji_adjutant.container.interface import ContainerSpec, ImageRoot, Owner
        with open_engine(AdjutantOptions(state_dir=Path({str(state_dir)!r}))) as manager:
            spec = ContainerSpec(ImageRoot({tool_image!r}), ["sh", "-c", "echo up; sleep 600"],
                                 Owner("{OWNER.task_id}", "w"), "test")
            manager.run(spec, open(1, "wb", buffering=0))
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert select.select([child.stdout], [], [], 60)[0]
        assert child.stdout.readline() == b"up\n"
        assert len(engine.list_containers(MINE)) == 1
        try:
            child.send_signal(number)
            assert child.wait(60) != 0
        finally:
            child.kill()
    assert engine.list_containers(MINE) == []


def test_a_forked_child_has_a_connection_of_its_own(engine: PodmanManager, spec: MakeSpec) -> None:
    assert engine.list_containers(MINE) == []
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = engine.run(spec(["sh", "-c", "exit 21"]), io.BytesIO())
        finally:
            os._exit(status)
    for _ in range(20):
        engine.list_containers(MINE)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 21
    assert engine.run(spec(["sh", "-c", "exit 22"]), io.BytesIO()) == 22

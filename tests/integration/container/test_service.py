"""The private podman service: started, shared, stopped, and after a restart of the machine."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import ContainerSpec, DirectoryRoot
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.container.podman_service import PodmanService
from koji_adjutant.errors import ContainerTimeout, EngineError, ImageError
from tests.integration.container.conftest import OWNER

IDENTIFY = """
    import sys
    from pathlib import Path
    from koji_adjutant.config import AdjutantOptions
    from koji_adjutant.container.engine import open_engine
    with open_engine(AdjutantOptions(state_dir=Path(sys.argv[1]))) as manager:
        print("ready", flush=True)
        sys.stdin.readline()
        print(manager.check().name, flush=True)
"""


def processes(state_dir: Path) -> dict[int, str]:
    """By pid, the command lines of everything that runs for a state directory, this test aside."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(state_dir) in command and "podman" in command:
                found[int(entry.name)] = command
    return found


@pytest.fixture
def own_state() -> Iterator[Path]:
    """A state directory that nobody else uses; nothing may run for it in the end."""
    directory = Path(tempfile.mkdtemp(prefix="adjutant-"))
    yield directory
    assert processes(directory) == {}
    shutil.rmtree(directory)


def user(state: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(IDENTIFY), str(state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_it_runs_while_somebody_uses_it(own_state: Path) -> None:
    with PodmanService(own_state) as service:
        assert service.socket_path.is_socket()
        assert any("system service" in command for command in processes(own_state).values())
    assert processes(own_state) == {}


def test_processes_share_one_service_whoever_started_it(own_state: Path) -> None:
    with user(own_state) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "ready\n"
        with user(own_state) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "ready\n"
            assert len([line for line in processes(own_state).values() if "system service" in line]) == 1
            assert first.communicate("go\n")[0] == "podman\n"
            assert second.communicate("go\n")[0] == "podman\n"


def test_it_outlives_a_killed_user_for_the_others(own_state: Path) -> None:
    with user(own_state) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "ready\n"
        with PodmanService(own_state) as service, PodmanManager(service.socket) as manager:
            first.kill()
            first.wait()
            assert manager.check().name == "podman"


def test_a_service_that_died_is_started_again(own_state: Path) -> None:
    with open_engine(AdjutantOptions(state_dir=own_state)) as manager:
        for pid, command in processes(own_state).items():
            if "system service" in command:
                os.kill(pid, signal.SIGKILL)
        while processes(own_state):
            pass
        assert manager.list_containers({}) == []


def test_a_service_is_not_started_by_a_caller_who_must_not(own_state: Path) -> None:
    with open_engine(AdjutantOptions(state_dir=own_state), revive=False) as manager:
        for pid, command in processes(own_state).items():
            if "system service" in command:
                os.kill(pid, signal.SIGKILL)
        while processes(own_state):
            pass
        with pytest.raises(EngineError, match="podman's service has ended"):
            manager.list_containers({})
        assert processes(own_state) == {}


def test_a_forked_child_leaves_the_service_alone(own_state: Path) -> None:
    with PodmanService(own_state) as service:
        child = os.fork()
        if child == 0:
            service.stop()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with PodmanManager(service.socket) as manager:
            assert manager.check().name == "podman"


def test_after_a_reboot_what_ran_before_is_forgotten(own_state: Path, directory_root: DirectoryRoot) -> None:
    spec = ContainerSpec(directory_root, ["true"], OWNER, "test")
    with PodmanService(own_state, boot_id="monday") as service:
        with PodmanManager(service.socket, traits=service.traits) as manager:
            assert manager.run(spec, io.BytesIO()) == 0
        stale = service.directory / "run" / "stale"
        stale.write_text("a pid of another boot")
    with PodmanService(own_state, boot_id="monday"):
        assert stale.exists()
    with PodmanService(own_state, boot_id="tuesday") as service:
        assert not stale.exists()
        with PodmanManager(service.socket, traits=service.traits) as manager:
            assert manager.run(spec, io.BytesIO()) == 0


def test_the_check_of_a_missing_socket_says_what_to_do(tmp_path: Path) -> None:
    socket = f"unix://{tmp_path}/podman.sock"
    with (
        pytest.raises(
            EngineError, match=r"nothing answers at podman_socket = .*systemctl enable --now podman"
        ),
        open_engine(AdjutantOptions(state_dir=tmp_path, podman_socket=socket)),
    ):
        pass


def test_without_podman_the_message_names_the_package(
    own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(own_state))
    with pytest.raises(EngineError, match=r"`(apt|dnf) install podman`"):
        PodmanService(own_state).start()


def test_a_service_that_cannot_start_gives_its_reason(
    own_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "podman"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'database configuration mismatch' >&2\nexit 125\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(
        EngineError, match=r"did not start: database configuration mismatch; see .*service\.log"
    ):
        PodmanService(own_state).start()


def test_a_local_image_that_is_missing_is_never_looked_for_elsewhere(engine: PodmanManager) -> None:
    for policy in ("if-not-present", "always", "never"):
        with pytest.raises(ImageError, match="koji-adjutant image build"):
            engine.ensure_image_available("localhost/no-such:1", policy)


def test_an_image_that_is_there_needs_no_registry(engine: PodmanManager, tool_image: str) -> None:
    image = engine.ensure_image_available(tool_image, "always")
    assert image.digest.startswith("sha256:")
    assert image.architecture == engine.check().architecture


def test_an_image_that_no_registry_has_is_an_image_error(engine: PodmanManager) -> None:
    with pytest.raises(ImageError, match="could not be pulled") as caught:
        engine.ensure_image_available("127.0.0.1:1/no/such:1", "if-not-present")
    assert not isinstance(caught.value, ContainerTimeout)
    with pytest.raises(ImageError, match="image_pull_policy, which is never"):
        engine.ensure_image_available("127.0.0.1:1/no/such:1", "never")


def test_a_long_state_directory_works_too(own_state: Path, directory_root: DirectoryRoot) -> None:
    state = own_state / "a-rather-long-name-for-a-directory" / "state"
    with open_engine(AdjutantOptions(state_dir=state)) as manager:
        spec = ContainerSpec(directory_root, ["echo", "works"], OWNER, "test")
        sink = io.BytesIO()
        assert manager.run(spec, sink) == 0
        assert sink.getvalue() == b"works\n"
    assert processes(state) == {}
    assert not PodmanService(state).runroot.exists()


def test_what_a_service_says_of_itself_is_asked_once_for_each_start(own_state: Path) -> None:
    with open_engine(AdjutantOptions(state_dir=own_state)) as manager:
        first = manager.check()
        remembered = PodmanService(own_state).remembered_info
        written = remembered.stat().st_mtime_ns
        assert manager.check() == first
        with open_engine(AdjutantOptions(state_dir=own_state)) as other:
            assert other.check() == first
        assert remembered.stat().st_mtime_ns == written
    assert "podman" in remembered.read_text()
    with open_engine(AdjutantOptions(state_dir=own_state)) as manager:
        assert remembered.stat().st_mtime_ns > written
        remembered.write_text("{half")
        assert manager.check() == first

"""container.log, buildroot-init.sh and state.log."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import pytest

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.files.overlay import Overlay
from koji_adjutant.buildroot.progress import PhaseObserverGroup, StateLog
from koji_adjutant.buildroot.record import SCRIPT, WAIT, note, recorded
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import ContainerSpec, DirectoryRoot, ImageRoot, Owner, VolumeMount
from koji_adjutant.container.podman_manager import PodmanManager
from tests.unit.container.fake_podman import FakePodman

ANSWERS = {"POST containers/create": (201, {"Id": "abc"})}
STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - "


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with FakePodman(tmp_path, ANSWERS).serving() as podman, PodmanManager(podman.address) as manager:
        (tmp_path / "result").mkdir()
        yield Workspace(
            manager=manager,
            tool_image="img",
            owner=Owner("7", "w"),
            cache=Cache(tmp_path / "state"),
            workdir=tmp_path,
            resultdir=tmp_path / "result",
            progress=PhaseObserverGroup([]),
        )


def create(workspace: Workspace, command: Sequence[str], task_id: str = "7") -> None:
    workspace.manager.create(ContainerSpec(ImageRoot("img"), command, Owner(task_id, "w"), "build"))


def test_only_this_tasks_containers(workspace: Workspace) -> None:
    with recorded(workspace, SCRIPT):
        create(workspace, ["one"])
        create(workspace, ["two"], task_id="8")
        create(workspace, WAIT)
    create(workspace, ["three"])
    lines = (workspace.resultdir / "container.log").read_text().splitlines()
    assert len(lines) == 2
    named = (
        rf"{STAMP}task 7, build, container adjutant-7-build-[0-9a-f]{{8}}: podman --url \S+ run --rm --user "
    )
    assert all(re.match(named, line) for line in lines)
    assert lines[0].endswith(" -- img one")
    assert lines[1].endswith(
        " -- img /bin/bash -c 'while :; do sleep 86400 & wait $!; [ $? -ne 127 ] || exit 127; done'"
    )
    script = (workspace.resultdir / SCRIPT).read_text()
    assert script.startswith("#!/bin/bash\n")
    first, second = (line for line in script.splitlines() if line.startswith("podman "))
    assert first.endswith(" -- img one")
    assert " -it " not in first
    assert second.endswith(" -- img /bin/bash --login")
    assert " run --rm -it " in second


def test_notes_stand_between_them(workspace: Workspace) -> None:
    log = workspace.resultdir / "container.log"
    note([log], "Image img")
    with recorded(workspace):
        create(workspace, ["one"])
    assert re.match(f"{STAMP}Image img\n{STAMP}task 7, build, ", log.read_text())
    assert not (workspace.resultdir / SCRIPT).exists()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of what is asked of mount and podman, an argument a line."""
    log = tmp_path / "asked"
    (tmp_path / "bin").mkdir()
    for name in ("mount", "umount", "podman"):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\nprintf '%s\\n' {name} \"$@\" >>'{log}'\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return log


def test_the_script_writes_elsewhere_than_the_task(
    workspace: Workspace, tmp_path: Path, programs: Path
) -> None:
    base, first, second = (tmp_path / name for name in ("it's, a base", "$one", "two \\"))
    spec = ContainerSpec(
        DirectoryRoot(second / "merged"),
        ["look", "at it"],
        workspace.owner,
        "test",
        mounts=[
            VolumeMount(first / "merged" / "a dir", PurePosixPath("/seen")),
            VolumeMount(tmp_path / "other", PurePosixPath("/other")),
        ],
    )
    with recorded(workspace, SCRIPT) as watched:
        for scratch in (first, second):
            watched.overlay_mounted(Overlay([base], scratch))
        watched.manager.create(spec)
    log = (workspace.resultdir / "container.log").read_text()
    assert log.count("task 7, overlay: mount -t overlay overlay -o ") == 2
    subprocess.run([workspace.resultdir / SCRIPT], check=True)
    asked = programs.read_text().splitlines()
    scratch = next(Path(word).parents[1] for word in asked if word.endswith("/1/merged"))
    assert re.fullmatch(r"/var/tmp/buildroot-\w{6}", str(scratch))
    mounts = [Overlay([base], scratch / number).command_line() for number in ("1", "2")]
    assert asked[: len(mounts[0] + mounts[1])] == mounts[0] + mounts[1]
    assert asked[asked.index("--rootfs") + 1 :][:3] == [f"{scratch}/2/merged", "look", "at it"]
    volumes = [asked[number + 1] for number, word in enumerate(asked) if word == "--volume"]
    assert [volume.partition(":")[0] for volume in volumes] == [
        f"{scratch}/1/merged/a dir",
        f"{tmp_path}/other",
    ]
    assert str(first) not in (workspace.resultdir / SCRIPT).read_text()


def test_state_log_is_mocks(tmp_path: Path) -> None:
    log = tmp_path / "state.log"
    progress = PhaseObserverGroup([StateLog(log)])
    with pytest.raises(KeyError), progress.phase("outer"), progress.phase("inner"):
        raise KeyError
    lines = log.read_text().splitlines()
    expected = ["Start: outer", "Start: inner", "Finish: inner", "Finish: outer"]
    assert [re.sub(f"^{STAMP}", "", line) for line in lines] == expected
    assert all(re.match(STAMP, line) for line in lines)

"""What podman's service is started with."""

from __future__ import annotations

import errno
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from koji_adjutant.container.podman_service import WITH_DEFAULT_SIGNALS, _remove

OF_THE_C_LIBRARY = 1 << 31 | 1 << 32
"""Signals 32 and 33, which it keeps for itself: no program can say what becomes of them."""


def test_what_the_worker_ignores_the_service_does_not() -> None:
    """Under nohup, say; all that runs in containers would ignore it, too."""
    command = ["nohup", *WITH_DEFAULT_SIGNALS, "grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"]
    said = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True).stdout
    masks = dict(line.split() for line in said.decode().splitlines())
    assert {name: int(mask, 16) & ~OF_THE_C_LIBRARY for name, mask in masks.items()} == {
        "SigBlk:": 0,
        "SigIgn:": 0,
    }


def test_what_is_written_meanwhile_is_removed_as_well(tmp_path: Path) -> None:
    """A monitor that outlives its container writes for a moment more."""
    directory = tmp_path / "runroot"
    for number in range(50):
        (directory / str(number)).mkdir(parents=True)
    until = time.monotonic() + 0.3
    begun = threading.Event()

    def write() -> None:
        with suppress(FileNotFoundError):
            while time.monotonic() < until:
                (directory / f"late{time.monotonic()}").touch()
                begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    _remove(directory)
    writer.join()
    assert not directory.exists()


def test_what_cannot_be_removed_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    monkeypatch.setattr("shutil.rmtree", refused)
    monkeypatch.setattr("time.sleep", lambda _seconds: pytest.fail("waited"))
    with pytest.raises(PermissionError):
        _remove(tmp_path)

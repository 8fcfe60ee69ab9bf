"""What podman's service is started with."""

from __future__ import annotations

import subprocess

from koji_adjutant.container.podman_service import WITH_DEFAULT_SIGNALS

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

"""What podman's service is started with."""

from __future__ import annotations

import subprocess

from koji_adjutant.container.podman_service import WITH_DEFAULT_SIGNALS


def test_what_the_worker_ignores_the_service_does_not() -> None:
    """Under nohup, say; all that runs in containers would ignore it, too."""
    command = ["nohup", *WITH_DEFAULT_SIGNALS, "grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"]
    said = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True).stdout
    assert said.split() == [b"SigBlk:", b"0" * 16, b"SigIgn:", b"0" * 16]

"""The tool image that tests use: the one of this host, or one that lacks something."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.container.podman_service import PodmanService
from koji_adjutant.images.build import ensure_tool_image

WITHOUT_DNF4 = "ADJUTANT_TEST_WITHOUT_DNF4"
"""Set in the environment: the tool image of all tests has no dnf 4."""
REMOVE_DNF4 = ("sh", "-c", "rm -r $(python3 -c 'import dnf; print(dnf.__path__[0])')")


needs_dnf4 = pytest.mark.skipif(
    WITHOUT_DNF4 in os.environ, reason=f"{WITHOUT_DNF4} is set: the tool image has no dnf 4"
)


def provide(engine: PodmanManager, state_dir: Path) -> str:
    """The reference of a tool image, made if there is none of today's recipe."""
    image, _made = ensure_tool_image(engine, state_dir, print)
    if WITHOUT_DNF4 not in os.environ:
        return image.reference
    return derived(engine, state_dir, image.reference, f"without-dnf4-{image.id[:12]}", REMOVE_DNF4)


def derived(engine: PodmanManager, state_dir: Path, reference: str, name: str, command: Sequence[str]) -> str:
    """An image of what a command leaves of another one."""
    wanted = f"localhost/koji-adjutant-test:{name}"
    if engine.images.find(wanted):
        return wanted
    podman = PodmanService(state_dir).traits.command_line
    container = f"{name}-{os.getpid()}"
    options = ["--quiet", "--network=none", "--pull=never", f"--name={container}"]
    try:
        subprocess.run([*podman, "run", *options, reference, *command], check=True)
        subprocess.run([*podman, "commit", "--quiet", container, wanted], check=True)
    finally:
        subprocess.run([*podman, "rm", "--force", "--ignore", container], check=True)
    return wanted

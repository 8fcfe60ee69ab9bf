"""A container engine and a tool image, shared by all integration tests and kept between runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import EngineTimeouts
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.container.podman_service import PodmanService
from koji_adjutant.images.build import ensure_tool_image


@pytest.fixture(scope="session")
def state_dir() -> Path:
    """The development state directory: podman's storage, the tool image, composed roots."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("KOJI_ADJUTANT_DEV") or cache / "koji-adjutant") / "state"


@pytest.fixture(scope="session")
def engine(state_dir: Path) -> Iterator[PodmanManager]:
    """A manager over the private service of ``state_dir``."""
    with open_engine(state_dir=state_dir, timeouts=EngineTimeouts(stop_grace=1)) as manager:
        yield manager


@pytest.fixture(scope="session")
def tool_image(engine: PodmanManager, state_dir: Path) -> str:
    """The reference of a tool image, made if there is none of today's recipe."""
    image, _made = ensure_tool_image(engine, state_dir, print)
    return image.reference


@pytest.fixture(scope="session")
def poor_image(engine: PodmanManager, state_dir: Path, tool_image: str) -> Iterator[str]:
    """The tool image, without git."""
    podman = PodmanService(state_dir).traits.command_line
    reference, name = "localhost/koji-adjutant-poor:1", f"poor-{os.getpid()}"
    program = ["rm", "/usr/bin/git"]
    run = [
        *podman,
        "run",
        "--quiet",
        "--network",
        "none",
        "--pull",
        "never",
        "--name",
        name,
        tool_image,
        *program,
    ]
    try:
        subprocess.run(run, check=True)
        subprocess.run([*podman, "commit", "--quiet", name, reference], check=True)
        yield reference
    finally:
        subprocess.run([*podman, "rm", "--force", "--ignore", name], check=True)
        engine.images.remove(reference)

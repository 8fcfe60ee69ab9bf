"""What all integration tests share: an engine, tool images, and an eye on every container."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.container.podman_manager import PodmanManager
from tests.support.engine import engine, state_dir, tool_image
from tests.support.inspection import inspected, rules_are_kept
from tests.support.tool_image import derived

__all__ = ["engine", "inspected", "rules_are_kept", "state_dir", "tool_image"]


@pytest.fixture(scope="session")
def poor_image(engine: PodmanManager, state_dir: Path, tool_image: str) -> Iterator[str]:
    """The tool image, without git."""
    image = derived(engine, state_dir, tool_image, "without-git", ["rm", "/usr/bin/git"])
    yield image
    engine.images.remove(image)

"""A container engine and a tool image, shared by all tests of a suite and kept between runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant import __version__
from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.interface import EngineTimeouts
from koji_adjutant.container.podman_manager import PodmanManager
from tests.support.tool_image import provide


@pytest.fixture(scope="session")
def state_dir() -> Path:
    """The development state directory: podman's storage, the tool image, composed roots."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("KOJI_ADJUTANT_DEV") or cache / "koji-adjutant") / "state"


def _forget_what_another_version_composed(state_dir: Path) -> None:
    """As the upgrade notes say: roots of an earlier one may lack what this one notes of packages."""
    composed_by = state_dir / "composed-by"
    if not composed_by.exists() or composed_by.read_text() != __version__:
        Cache(state_dir).tidy(0)
        composed_by.write_text(__version__)


@pytest.fixture(scope="session")
def engine(state_dir: Path) -> Iterator[PodmanManager]:
    """A manager over the private service of ``state_dir``."""
    with open_engine(
        AdjutantOptions(state_dir=state_dir, container_timeouts=EngineTimeouts(stop_grace=1))
    ) as manager:
        _forget_what_another_version_composed(state_dir)
        yield manager


@pytest.fixture(scope="session")
def tool_image(engine: PodmanManager, state_dir: Path) -> str:
    """The reference of a tool image, made if there is none of today's recipe."""
    return provide(engine, state_dir)

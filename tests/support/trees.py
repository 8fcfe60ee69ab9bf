"""Trees of directories as nobody would make them by hand."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.buildroot.files.removal import remove_tree


@pytest.fixture
def deep_place() -> Iterator[Path]:
    """A directory for deep trees; not pytest's, which could not remove them, in this run or a later one."""
    directory = Path(tempfile.mkdtemp(prefix="adjutant-deep-"))
    yield directory
    remove_tree(directory)


DEEP = 1200
"""Deeper than Python's stack."""
LONG_NAME = "directory"
"""So many of it are a longer path than the kernel takes."""


def bury(directory: Path, name: str = "d", depth: int = DEEP) -> None:
    """Make directories of one name, one in the other."""
    above = os.open(directory, os.O_DIRECTORY)
    for _level in range(depth):
        os.mkdir(name, dir_fd=above)
        below = os.open(name, os.O_DIRECTORY, dir_fd=above)
        os.close(above)
        above = below
    os.close(above)

"""Where a test keeps gigabytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.buildroot.files.overlay import unmount_below
from koji_adjutant.buildroot.files.removal import remove_tree
from tests.distribution.build import default_output


@contextmanager
def place(name: str) -> Iterator[Path]:
    """A directory beside the distribution, on disk, empty at first and gone in the end."""
    directory = default_output().parent / name
    _clear(directory)
    directory.mkdir(parents=True)
    try:
        yield directory
    finally:
        _clear(directory)


def _clear(directory: Path) -> None:
    unmount_below(directory)
    remove_tree(directory)

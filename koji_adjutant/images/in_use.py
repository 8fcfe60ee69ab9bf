"""Which images tasks are at work with, for `koji-adjutant image build` to know.

A task keeps to the image that it began with, by its id, also when the image's name goes to another one.
Between two of its containers nothing but the lock here says that the image is still wanted.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DIRECTORY = "images-in-use"


@contextmanager
def in_use(state_dir: Path, image_id: str) -> Iterator[None]:
    """Keep the image in use by this process while the block runs; the process's death ends that as well."""
    descriptor = _open(state_dir, image_id)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def unused(state_dir: Path, image_id: str) -> Iterator[bool]:
    """Find out whether no process uses the image, and if so let none begin to while the block runs."""
    descriptor = _open(state_dir, image_id)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _open(state_dir: Path, image_id: str) -> int:
    directory = state_dir / DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    return os.open(directory / image_id, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

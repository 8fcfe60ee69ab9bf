"""The store of composed roots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class RootStore:
    """Composed root file systems, each composed once and never changed after."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @contextmanager
    def lease(self, key: str, compose: Callable[[Path], None]) -> Iterator[Path]:
        """The entry ``key``, composed if absent by ``compose(staging directory)``; kept while leased."""
        raise NotImplementedError
        yield

"""The cache that ``koji-adjutant cache`` is about."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.errors import NotFound


class Place:
    """A state directory, and the options of its worker."""

    def __init__(self, options: AdjutantOptions, state_dir: Path) -> None:
        self.options = options
        self.state_dir = state_dir

    @property
    def cache(self) -> Cache:
        """NotFound where there is none: looking must not make one."""
        if not (self.state_dir / "roots").is_dir():
            raise NotFound(
                f"There is no cache in {self.state_dir}: nothing was built with this state_dir yet."
            )
        return Cache(self.state_dir)

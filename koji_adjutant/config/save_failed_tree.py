"""save_failed_tree.conf, the configuration of the stock plugin of that name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import koji


@dataclass(frozen=True)
class SaveFailedTreeConfig:
    """``path_filters``: shell patterns of what is left out; ``volume``: the hub's, None for its default."""

    path_filters: Sequence[str] = ()
    volume: str | None = None

    @classmethod
    def read(cls, file: Path) -> SaveFailedTreeConfig:
        """Read the file; without one everything may be saved, on the default volume.

        The section that the stock example has is [global]; the stock plugin looks into [general].
        """
        parser = koji.read_config_files(str(file))
        volume = None
        for section in ("global", "general"):
            volume = parser.get(section, "volume", fallback="").strip() or volume
        return cls(parser.get("filters", "paths", fallback="").split(), volume)

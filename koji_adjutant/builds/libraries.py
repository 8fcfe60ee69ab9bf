"""Libraries in pure Python that this worker brings to tool images that have none of their own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path


def bring(names: Sequence[str], target: Path) -> None:
    """Copy modules out of this worker's Python into the new directory ``target``, those that it has.

    With what Python knows about the distribution of the same name: libraries ask it for their versions.
    """
    target.mkdir()
    for name in names:
        found = find_spec(name)
        if found is None or found.origin is None:
            continue
        origin = Path(found.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, target)
        _bring_metadata(name, target)


def _bring_metadata(name: str, target: Path) -> None:
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    text = distribution.read_text("METADATA")
    if text is not None:
        place = target / f"{name}-{distribution.version}.dist-info"
        place.mkdir()
        (place / "METADATA").write_text(text)

"""The packages of tests/packages, with releases that no earlier run has used on the same hub."""

from __future__ import annotations

import re
import time
from pathlib import Path

PACKAGES = Path(__file__).parents[1] / "packages"


def source_tree(name: str) -> dict[str, str]:
    """A package's files by path, as ``GitServer.publish`` takes them."""
    directory = PACKAGES / name
    files = {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.is_file()}
    texts = {name: path.read_text() for name, path in files.items()}
    release = f"Release: 1.{time.time_ns()}%{{?dist}}"
    texts[f"{name}.spec"] = re.sub("(?m)^Release:.*", release, texts[f"{name}.spec"])
    return texts

"""What goes into a tool image, whichever distribution the host is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

DEFAULT_REFERENCE = "localhost/koji-adjutant-tools:latest"

ShowLine = Callable[[str], None]
"""What shows people one line of progress."""


@dataclass(frozen=True)
class ToolRoot:
    """A root file system as a tar file, and the ``name=version`` of every package in it, sorted."""

    tar: Path
    packages: Sequence[str]


class HostPackages(Protocol):
    """A distribution that tool images can be made from.

    ``distribution`` names it (``debian 12``); ``inputs`` are all things that shape the image but package
    versions; ``main_tools`` are the packages whose versions people ask for.
    """

    distribution: str
    inputs: Sequence[str]
    main_tools: Sequence[str]

    def resolve(self, workdir: Path, show: ShowLine) -> Sequence[str] | None:
        """Return what would be installed now: ``name=version``, sorted; None where nothing short of it shows.

        ``workdir`` is an empty directory. Raises ImageError if that fails.
        """
        ...

    def build(self, workdir: Path, show: ShowLine) -> ToolRoot:
        """Make the root, in ``workdir``. Raises ImageError if that fails, with the last lines of output."""
        ...


def digest(lines: Sequence[str]) -> str:
    """Return the SHA-256 of a list of lines, for labels."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def os_release(text: str) -> dict[str, str]:
    """Return the fields of /etc/os-release, given by its text."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key: value.strip("\"'") for key, _, value in pairs}

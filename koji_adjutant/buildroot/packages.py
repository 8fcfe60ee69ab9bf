"""What is installed in a root, as kojid reports it to the hub."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InstalledPackage:
    """One entry of a root's rpm database.

    ``payloadhash`` is SIGMD5 in hex, ``size`` in bytes, ``buildtime`` seconds since the epoch.
    """

    name: str
    version: str
    release: str
    epoch: int | None
    arch: str
    payloadhash: str
    size: int
    buildtime: int

    @property
    def nvra(self) -> str:
        return f"{self.name}-{self.version}-{self.release}.{self.arch}"

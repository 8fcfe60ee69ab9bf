"""A package's version and name, as rpm writes them."""

from __future__ import annotations


def evr(epoch: int | str | None, version: str, release: str) -> str:
    """Return ``[EPOCH:]VERSION-RELEASE``: the epoch only if there is one, and it is not 0."""
    return f"{version}-{release}" if epoch in (None, 0, "", "0") else f"{epoch}:{version}-{release}"


def nevra(name: str, epoch: int | str | None, version: str, release: str, arch: str) -> str:
    """Return ``NAME-[EPOCH:]VERSION-RELEASE.ARCH``."""
    return f"{name}-{evr(epoch, version, release)}.{arch}"

"""build_mounts and build_devices: what of the host builds may use, all or those of some tags and channels.

Written one a line: what it is, and for whom (``tag=`` and ``channel=``, patterns as in the hub's policies).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from koji_adjutant.config import values
from koji_adjutant.container.interface import VolumeMount

ENGINES_OWN = tuple(map(PurePosixPath, ("/proc", "/sys", "/dev")))
"""What the engine fills in a container."""
_ROOTS = ("bin", "builddir", "etc", "etc/hosts", "lib", "lib64", "sbin", "tmp", "usr", "var", "var/tmp")
BUILDS_OWN = (PurePosixPath("/"), *(PurePosixPath("/", name) for name in _ROOTS))
"""What is the build's or its packages' as a whole; below them there may be mounts."""


@dataclass(frozen=True)
class Circle:
    """For whom something is: tags and channels by pattern, both where both are named, all where none is."""

    tags: Sequence[str] = ()
    channels: Sequence[str] = ()

    def __str__(self) -> str:
        named = (("tag", self.tags), ("channel", self.channels))
        return "".join(f" {key}={','.join(patterns)}" for key, patterns in named if patterns)

    def has(self, tag: str, channel: Callable[[], str]) -> bool:
        """Return whether builds for a tag are in it; ``channel`` is asked only where it counts."""
        return _fits(self.tags, lambda: tag) and _fits(self.channels, channel)


def _fits(patterns: Sequence[str], name: Callable[[], str]) -> bool:
    return not patterns or any(fnmatchcase(name(), pattern) for pattern in patterns)


@dataclass(frozen=True)
class BuildMount:
    """A directory, file or socket of the host that builds see."""

    what: VolumeMount
    circle: Circle = Circle()

    def __str__(self) -> str:
        return f"{self.what.source} (build_mounts)"

    def lacking(self) -> str | None:
        """Return why builds cannot have it on this host; None if they can."""
        return None if self.what.source.exists() else "not there on this host"


@dataclass(frozen=True)
class BuildDevice:
    """A device of the host that builds may open."""

    what: Path
    circle: Circle = Circle()

    def __str__(self) -> str:
        return f"{self.what} (build_devices)"

    def lacking(self) -> str | None:
        """Return why builds cannot have it on this host; None if they can."""
        if not (self.what.is_char_device() or self.what.is_block_device()):
            return "no device on this host"
        if self.what.stat().st_uid != 0:  # root without capabilities opens it to the build user
            return "not root's on this host, so it cannot be opened to builds"
        return None


def build_mounts(text: str) -> tuple[BuildMount, ...]:
    """Read ``source:target[:ro] [tag=…] [channel=…]``, one a line; without ``ro`` they can be written."""
    return tuple(BuildMount(_build_mount(what), _circle(whom)) for what, *whom in _words(text))


def build_devices(text: str) -> tuple[BuildDevice, ...]:
    """Read ``/dev/name [tag=…] [channel=…]``, one a line."""
    return tuple(BuildDevice(_device(what), _circle(whom)) for what, *whom in _words(text))


def _words(text: str) -> list[list[str]]:
    return [line.split() for line in values.lines(text)]


def _build_mount(text: str) -> VolumeMount:
    mount = values.volume_mount(re.sub("//+", "/", text), mode="rw")
    if ".." in mount.target.parts or mount.target in BUILDS_OWN:
        raise ValueError(f"must not cover {mount.target} of a buildroot, as {text!r} would")
    if any(mount.target.is_relative_to(own) for own in ENGINES_OWN):
        raise ValueError(f"must not be in /proc, /sys or /dev, and {text!r} is (see build_devices)")
    return mount


def _device(text: str) -> Path:
    path = Path(text)
    if not path.is_relative_to("/dev") or ".." in path.parts or path == Path("/dev"):
        raise ValueError(f"must be devices like /dev/kvm, and {text!r} is none")
    return path


def _circle(words: Sequence[str]) -> Circle:
    found: dict[str, Sequence[str]] = {}
    for word in words:
        key, _, patterns = word.partition("=")
        if key not in ("tag", "channel") or not patterns.strip(",") or f"{key}s" in found:
            raise ValueError(
                f"must have tag=NAME,… and channel=NAME,…, each once, behind what it is for, and {word!r} is "
                "no such thing"
            )
        found[f"{key}s"] = tuple(pattern for pattern in patterns.split(",") if pattern)
    return Circle(**found)

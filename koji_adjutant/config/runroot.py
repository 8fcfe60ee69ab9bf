"""runroot.conf, the stock runroot plugin's configuration: what of the host a runroot task may mount."""

from __future__ import annotations

import configparser
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import koji

from koji_adjutant.container.interface import VolumeMount


@dataclass(frozen=True)
class HostPath:
    """A [pathN] section: below ``mountpoint`` in the buildroot is what the host has below ``path``."""

    mountpoint: PurePosixPath
    path: Path
    options: Sequence[str]


@dataclass(frozen=True)
class RunrootConfig:
    """The whole file; ``paths`` in the order of their numbers."""

    default_mounts: Sequence[PurePosixPath] = ()
    safe_roots: Sequence[PurePosixPath] = ()
    path_subs: Sequence[tuple[str, str]] = ()
    paths: Sequence[HostPath] = ()

    @classmethod
    def read(cls, file: Path) -> RunrootConfig:
        """Read the file; without one there are no mounts.

        Raises koji.GenericError ("bad config: …") for what the stock plugin refuses.
        """
        parser = koji.read_config_files(str(file))
        default_mounts, safe_roots = (_paths(parser, name) for name in ("default_mounts", "safe_roots"))
        return cls(default_mounts, safe_roots, _substitutions(parser), _sections(parser))

    def mounts(self, extra: Sequence[str]) -> list[VolumeMount]:
        """Return the default mounts, and those that the task asks for, which are writable.

        koji.GenericError for one that is not below a safe root, that no section of the file covers, or whose
        directory is not on this host or leads out of the section's through a link.
        """
        wanted = [self._mount(path, writable=False) for path in self.default_mounts]
        return wanted + [self._mount(self._safe(path), writable=True) for path in extra]

    def _safe(self, wanted: str) -> PurePosixPath:
        path = PurePosixPath(wanted)
        if ".." in path.parts or not any(path.is_relative_to(root) for root in self.safe_roots):
            raise koji.GenericError(f"read-write mount point is not safe: {wanted}")
        for old, new in self.path_subs:
            path = PurePosixPath(str(path).replace(old, new))
        return path

    def _mount(self, target: PurePosixPath, *, writable: bool) -> VolumeMount:
        for known in self.paths:
            if target.is_relative_to(known.mountpoint):
                break
        else:
            raise koji.GenericError(f"bad config: missing corresponding mountpoint for {target}")
        source = known.path / target.relative_to(known.mountpoint)
        if not source.is_dir():
            raise koji.GenericError(f"No such directory or mount: {source}")
        if not source.resolve().is_relative_to(known.path.resolve()):
            raise koji.GenericError(f"{source} leads out of {known.path}: it cannot be mounted")
        return VolumeMount(source.resolve(), target, read_only="ro" in known.options and not writable)


def _paths(parser: configparser.RawConfigParser, option: str) -> list[PurePosixPath]:
    text = parser.get("paths", option, fallback="")
    return [_absolute(word.strip()) for word in text.split(",") if word.strip()]


def _absolute(text: str) -> PurePosixPath:
    if not text.startswith("/") or ".." in PurePosixPath(text).parts:
        raise koji.GenericError(
            "bad config: all paths (default_mounts, safe_roots, path_subs) needs to be absolute: " + text
        )
    return PurePosixPath(text)


def _substitutions(parser: configparser.RawConfigParser) -> list[tuple[str, str]]:
    found = []
    for line in parser.get("paths", "path_subs", fallback="").split():
        old, comma, new = line.partition(",")
        if not comma or "," in new:
            raise koji.GenericError(f"bad runroot substitution: {line}")
        _absolute(old)
        found.append((old, new))
    return found


def _sections(parser: configparser.RawConfigParser) -> list[HostPath]:
    names = [name for name in parser.sections() if re.fullmatch(r"path\d+", name)]
    return [_section(parser, name) for name in sorted(names, key=lambda name: int(name[4:]))]


def _section(parser: configparser.RawConfigParser, name: str) -> HostPath:
    try:
        mountpoint, path, _fstype, options = (
            parser.get(name, option) for option in ("mountpoint", "path", "fstype", "options")
        )
    except configparser.NoOptionError as problem:
        raise koji.GenericError(f"bad config: missing options in {name} section") from problem
    words = [word.strip() for word in options.split(",")]
    if "bind" not in words or not path.startswith("/"):
        raise koji.GenericError(
            f"bad config: {name} is no bind mount; mount {path} on this host, and give its directory here as "
            "path, with the option bind"
        )
    return HostPath(_absolute(mountpoint), Path(path), words)

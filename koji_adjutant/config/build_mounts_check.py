"""What no build may see of its host, whatever build_mounts says."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from koji_adjutant.config.adjutant import AdjutantOptions
from koji_adjutant.config.kojid import KojidOptions
from koji_adjutant.errors import ConfigError

KERNELS = (Path("/proc"), Path("/sys"), Path("/dev"))
ENGINE_SOCKETS = tuple(
    map(Path, ("/run/podman", "/run/docker.sock", "/run/containerd", "/run/crio", "/run/user"))
)
"""Whoever reaches one of these has the host."""


def check_build_mounts(ours: AdjutantOptions, options: KojidOptions | None) -> None:
    """Check that builds are shown nothing of the worker's, and cannot change topdir nor what others mount.

    Without ``options`` (a stock kojid's are not read yet) only by [adjutant]. Raises ConfigError.
    """
    mounts = [(each.what, _resolved(each.what.source)) for each in ours.build_mounts]
    private = _private(ours, options)
    for mount, source in mounts:
        for own in private:
            if _overlap(source, own.resolve()):
                raise ConfigError(f"build_mounts would show {mount.source} to builds: {own} is the worker's.")
        if options and not mount.read_only and _overlap(source, Path(options.topdir).resolve()):
            raise ConfigError(
                f"build_mounts would let builds change {options.topdir}: {mount.source} must be ro."
            )
        for other, inside in mounts:
            if not mount.read_only and source in inside.parents:
                raise ConfigError(
                    f"build_mounts would let builds replace {other.source}, which is in {mount.source}: make "
                    "that ro."
                )


def _private(ours: AdjutantOptions, options: KojidOptions | None) -> list[Path]:
    """List what no build may see of the host."""
    private = [ours.state_dir, ours.log_dir, Path("/etc/kojid"), *KERNELS, *ENGINE_SOCKETS]
    if ours.scm_home:
        private += [ours.scm_home / name for name in (".ssh", ".netrc", ".subversion", ".cvspass")]
    if (ours.podman_socket or "").startswith("unix:"):
        private.append(Path(urlsplit(ours.podman_socket or "").path))
    if options:
        private.append(Path(options.workdir))
        private += [Path(file) for file in (options.keytab, options.ccache, options.cert) if file]
    return private


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as problem:
        raise ConfigError(f"build_mounts cannot have {path}: {problem}.") from problem


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)

"""kojid's RLIMIT_* options: limits of the worker's process, which the builds of a stock builder inherit."""

from __future__ import annotations

import resource

from koji_adjutant.config.kojid import KojidOptions

PREFIX = "RLIMIT_"
"""Of the names of kojid.conf's options that are limits."""


def build_rlimits(options: KojidOptions) -> dict[str, tuple[int, int]]:
    """Return what this process has of the limits that kojid.conf names, by podman's names for them.

    A container's processes are not children of ours, so they inherit none: these are passed on.
    """
    kinds = {name: getattr(resource, name, None) for name in vars(options) if name.startswith(PREFIX)}
    return {
        name.removeprefix(PREFIX).lower(): resource.getrlimit(kind)
        for name, kind in sorted(kinds.items())
        if kind is not None
    }

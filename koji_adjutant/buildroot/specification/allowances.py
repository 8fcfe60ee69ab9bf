"""What a buildroot's commands may ask of the kernel that others may not."""

from __future__ import annotations

from koji_adjutant.buildroot.specification.arch import is_sibling
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.container.interface import Allowance


def allowances(config: BuildrootConfig, machine: str | None = None) -> frozenset[Allowance]:
    """Return the allowances of the container that a root is used in."""
    wanted: dict[Allowance, bool] = {
        "user-namespaces": config.user_namespaces,
        # the sockets of a 32-bit root's libc
        "socketcall": is_sibling(config, machine),
    }
    return frozenset(name for name, is_wanted in wanted.items() if is_wanted)

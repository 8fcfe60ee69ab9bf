"""Limits that a host can keep, and those that it cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from koji_adjutant.container.interface import ResourceLimits

logger = logging.getLogger("koji_adjutant.container")


class PossibleLimits:
    """Leaves out of limits what the host's control groups have no controller for, and says so once for each.

    ``controllers`` returns their names; it is called only where there is something to keep.
    """

    def __init__(self, controllers: Callable[[], Collection[str]]) -> None:
        self._controllers = controllers
        self._warned: set[str] = set()

    def of(self, limits: ResourceLimits) -> ResourceLimits:
        """Return the limits without those that this host cannot keep.

        Nothing is said of shares: where the CPU is not divided among groups, niceness counts.
        """
        asked = {"memory": limits.memory_bytes, "cpu": limits.cpus, "pids": limits.pids}
        if not any(asked.values()) and limits.cpu_shares is None:
            return limits
        controllers = set(self._controllers())
        missing = {name for name, value in asked.items() if value} - controllers
        for name in sorted(missing - self._warned):
            logger.warning(
                "this host's control groups have no %s controller: containers run without that limit", name
            )
        self._warned |= missing
        return replace(
            limits,
            memory_bytes=None if "memory" in missing else limits.memory_bytes,
            cpus=None if "cpu" in missing else limits.cpus,
            pids=None if "pids" in missing else limits.pids,
            cpu_shares=limits.cpu_shares if "cpu" in controllers else None,
        )

"""The [adjutant] section: what Koji-Adjutant has and a stock kojid has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from koji_adjutant.config import values
from koji_adjutant.config.values import Address
from koji_adjutant.container.interface import (
    EngineTimeouts,
    NetworkMode,
    PullPolicy,
    ResourceLimits,
    VolumeMount,
)

DEFAULT_BIND = Address("127.0.0.1", 8080)


@dataclass(frozen=True)
class AdjutantOptions:
    """Every key of [adjutant] with its default; each can be set by ``KOJI_ADJUTANT_<KEY>`` too.

    - ``task_image_default``: the tool image that tasks run their tools from, where the hub's image policy
      names no other; ``image_pull_policy``: when to pull it.
    - ``policy_enabled``: False takes ``task_image_default`` for every task. ``policy_cache_ttl``: seconds for
      which a tag's policy is not asked for again; 0 asks for each task.
    - ``container_timeouts``: seconds for what can hang, ``pull=600,start=60,stop_grace=10``.
    - ``network_enabled``: False takes the network away even from checkout and source command;
      ``network_mode``: bridge or host, how they get it.
    - ``container_mounts``: ``src:dst:mode:label``, for tool containers. ``container_labels``: ``key=value``.
    - ``podman_socket``: an engine's URL; none: the worker starts a private podman service.
    - ``state_dir``: images, buildroots and containers. ``log_dir``: each task's logs stay in
      ``<log_dir>/<task_id>/``. ``log_file``: the daemon's own log, which a stock kojid has at this place.
    - ``cache_size`` (``20G``): of the store of composed roots; those used longest ago are evicted.
    - ``prewarm``: in idle time, compose the roots of tags that were built for lately when they have a new
      repo.
    - ``createrepo_databases``: False makes the repos of tags without the sqlite databases for yum that a
      stock builder makes.
    - ``memory_limit`` (``4G``), ``cpu_limit`` (cores), ``pids_limit``: of each container that runs
      packagers' code.
    - ``plugin_config_dir``: where runroot.conf and save_failed_tree.conf are, as with the stock plugins.
    - ``strict_spec_tags``: refuse every spec that sets Packager, Vendor or Distribution.
    - ``scm_home``: whose ``.ssh``, ``.netrc``, ``.subversion`` and ``.cvspass`` checkouts use; the worker's
      user's own by default, as with kojid; None (empty): no credentials.
    - ``checkout_timeout``: seconds for all that a checkout does.
    - ``monitoring_enabled``: keep a journal, and serve dashboard, API and metrics at ``monitoring_bind``;
      anywhere but on loopback that needs ``monitoring_token``. ``monitoring_task_history_ttl``,
      ``monitoring_container_history_ttl``: seconds that ended ones stay in the journal.
    """

    task_image_default: str = "localhost/koji-adjutant-tools:latest"
    image_pull_policy: PullPolicy = "if-not-present"
    policy_enabled: bool = True
    policy_cache_ttl: float = 300
    network_enabled: bool = True
    network_mode: NetworkMode = "bridge"
    container_mounts: tuple[VolumeMount, ...] = ()
    container_timeouts: EngineTimeouts = field(default_factory=EngineTimeouts)
    container_labels: Mapping[str, str] = field(default_factory=dict)
    podman_socket: str | None = None
    state_dir: Path = Path("/var/lib/koji-adjutant")
    log_dir: Path = Path("/var/log/koji-adjutant")
    log_file: Path = Path("/var/log/kojid.log")
    cache_size: int = 20 * 2**30
    prewarm: bool = False
    createrepo_databases: bool = True
    memory_limit: int | None = None
    cpu_limit: float | None = None
    pids_limit: int = 16384
    plugin_config_dir: Path = Path("/etc/kojid/plugins")
    strict_spec_tags: bool = False
    scm_home: Path | None = field(default_factory=Path.home)
    checkout_timeout: float = 3600
    monitoring_enabled: bool = True
    monitoring_bind: Address = DEFAULT_BIND
    monitoring_token: str | None = field(default=None, repr=False)
    monitoring_task_history_ttl: float = 30 * 86400
    monitoring_container_history_ttl: float = 7 * 86400

    @property
    def task_network(self) -> NetworkMode:
        """What checkout and source command get."""
        return self.network_mode if self.network_enabled else "none"

    @property
    def limits(self) -> ResourceLimits:
        return ResourceLimits(self.memory_limit, self.cpu_limit, self.pids_limit)


def _network_mode(text: str) -> str:
    if text == "none":
        raise ValueError("must be bridge or host (network_enabled = false takes the network away)")
    return values.choice(text, NetworkMode)


def _timeouts(text: str) -> EngineTimeouts:
    known = [one.name for one in fields(EngineTimeouts)]
    found = values.pairs(text)
    if set(found) - set(known):
        raise ValueError(f"knows only {', '.join(known)}")
    try:
        return EngineTimeouts(**{name: values.positive_number(value) for name, value in found.items()})
    except ValueError as problem:
        raise ValueError(f"has a time in seconds that {problem}") from None


READERS: Mapping[str, Callable[[str], Any]] = {
    "task_image_default": str,
    "image_pull_policy": lambda text: values.choice(text, PullPolicy),
    "policy_enabled": values.boolean,
    "policy_cache_ttl": values.number_from_zero,
    "network_enabled": values.boolean,
    "network_mode": _network_mode,
    "container_mounts": values.volume_mounts,
    "container_timeouts": _timeouts,
    "container_labels": values.pairs,
    "podman_socket": lambda text: text or None,
    "state_dir": values.absolute_path,
    "log_dir": values.absolute_path,
    "log_file": values.absolute_path,
    "cache_size": values.memory,
    "prewarm": values.boolean,
    "createrepo_databases": values.boolean,
    "memory_limit": lambda text: values.memory(text) if text else None,
    "cpu_limit": lambda text: values.positive_number(text) if text else None,
    "pids_limit": values.integer,
    "plugin_config_dir": values.absolute_path,
    "strict_spec_tags": values.boolean,
    "scm_home": lambda text: values.absolute_path(str(Path(text).expanduser())) if text else None,
    "checkout_timeout": values.positive_number,
    "monitoring_enabled": values.boolean,
    "monitoring_bind": values.address,
    "monitoring_token": lambda text: text or None,
    "monitoring_task_history_ttl": values.positive_number,
    "monitoring_container_history_ttl": values.positive_number,
}
"""How the text of each key is read; a ValueError's message continues the sentence "the option KEY …"."""

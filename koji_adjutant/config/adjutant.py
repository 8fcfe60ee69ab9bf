"""The [adjutant] section: what Koji-Adjutant has and a stock kojid has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

from koji_adjutant.config import host_access, values
from koji_adjutant.config.host_access import BuildDevice, BuildMount
from koji_adjutant.config.option import option
from koji_adjutant.config.values import Address
from koji_adjutant.container.interface import (
    EngineTimeouts,
    NetworkMode,
    PullPolicy,
    VolumeMount,
)

AssignSubtasks = Literal["none", "tag", "own"]

AUTO: Final = "auto"
"""Of a limit: to be made from what this machine has."""


RETIRED: Final[Mapping[str, str]] = {
    "allow_foreign_rpms": "whatever is in a buildroot is from the repositories of its tag",
    "buildroot_enabled": "every task that builds has a buildroot",
    "buildroot_source": "a buildroot is made of its tag's repositories; task_image_default is for tools",
    "host_mount_map": "the worker and podman see the same paths; build_mounts gives builds more of them",
    "userns": "the extra adjutant.user_namespaces of a tag says whether its builds may make user namespaces",
}
"""Keys that plans for this section had, and what holds in their place."""


def _network_mode(text: str) -> NetworkMode:
    if text == "none":
        raise ValueError("must be bridge or host (network_enabled = false takes the network away)")
    mode: NetworkMode = values.choice(text, NetworkMode)
    return mode


def _timeouts(text: str) -> EngineTimeouts:
    known = [one.name for one in fields(EngineTimeouts)]
    found = values.pairs(text)
    if set(found) - set(known):
        raise ValueError(f"knows only {', '.join(known)}")
    try:
        return EngineTimeouts(**{name: values.positive_number(value) for name, value in found.items()})
    except ValueError as problem:
        raise ValueError(f"has a time in seconds that {problem}") from None


def _home(text: str) -> Path:
    try:
        return values.absolute_path(str(Path(text).expanduser()))
    except RuntimeError:
        raise ValueError("must be an absolute path, or ~ with a user that there is") from None


@dataclass(frozen=True)
class AdjutantOptions:
    """Every key of [adjutant]; each can be set by ``KOJI_ADJUTANT_<KEY>`` too."""

    task_image_default: str = option(
        "localhost/koji-adjutant-tools:latest",
        str,
        "the tool image of tasks for which the [image policy](#image-policy) says nothing; the worker takes "
        "no tasks without it",
    )
    image_pull_policy: PullPolicy = option(
        "if-not-present",
        lambda text: values.choice(text, PullPolicy),
        "when to pull an image: `if-not-present`, `always`, `never`",
    )
    policy_enabled: bool = option("true", values.boolean, "`false`: every task gets `task_image_default`")
    policy_cache_ttl: float = option(
        "300",
        values.number_from_zero,
        "seconds for which a tag's policy is not asked for again; `0`: asked for each task",
    )
    network_enabled: bool = option(
        "true", values.boolean, "`false` takes the network from checkout and source command too"
    )
    network_mode: NetworkMode = option(
        "bridge", _network_mode, "how they get it: `bridge`, or `host` for the host's own"
    )
    container_mounts: tuple[VolumeMount, ...] = option(
        "", values.volume_mounts, "`src:dst:mode:label`, separated by spaces; for tool containers"
    )
    container_timeouts: EngineTimeouts = option("pull=600,start=60,stop_grace=10", _timeouts, "seconds")
    container_labels: Mapping[str, str] = option(
        "", values.pairs, "`key=value`, separated by commas; on every container"
    )
    podman_socket: str | None = option(
        "",
        values.optional(str),
        "an engine's URL; empty: the worker starts a private service. On another machine (not `unix:`) "
        "containers have that engine's seccomp profile instead of [ours](adr/0034-system-calls.md)",
    )
    state_dir: Path = option(
        "/var/lib/koji-adjutant", values.absolute_path, "images, containers, composed buildroots"
    )
    log_dir: Path = option(
        "/var/log/koji-adjutant", values.absolute_path, "each task's logs stay in `<log_dir>/<task id>/`"
    )
    log_file: Path = option("/var/log/kojid.log", values.absolute_path, "the daemon's own log")
    cache_size: int = option(
        "20G",
        values.memory,
        "of the composed buildroots in `state_dir`; those used longest ago are removed",
    )
    assign_subtasks: AssignSubtasks = option(
        "own",
        lambda text: values.choice(text, AssignSubtasks),
        "which subtasks the tasks here make for this worker itself, so that they need not wait for the "
        "hub's scheduler: `none`; `tag`, those that tag a build; `own`, those that build and make repos too. "
        "Those for which it has no room, or that are for another channel, are the hub's at once "
        "([why](adr/0039-subtasks-of-our-own.md))",
    )
    prewarm: bool = option(
        "false",
        values.boolean,
        "in idle time, compose the roots of tags that were built for in the last two weeks, as soon as they "
        "have a new repo",
    )
    reproduce: bool = option(
        "false",
        values.boolean,
        "in idle time, do the builds of the last two weeks once more from their locks, and keep whether the "
        "same packages came out ([how](operator-guide.md#whether-builds-come-out-the-same))",
    )
    copy_roots: bool = option(
        "true",
        values.boolean,
        "a build that usually takes a minute or more gets a copy of its root in `workdir`, which is quicker "
        "to build in than an overlay, where four times its size and `minspace` are free",
    )
    createrepo_databases: bool = option(
        "true",
        values.boolean,
        "`false`: repos of tags have no sqlite databases, which only yum reads; making them takes more than "
        "half of the time of a large repo",
    )
    memory_limit: int | Literal["auto"] | None = option(
        AUTO,
        values.automatic(values.without(values.memory)),
        "of each container, like `4G`; `none`; `auto`: twice a task's share of the machine (`maxjobs`, less "
        "an eighth for the host), and at least 4 GiB where it has them",
    )
    cpu_limit: float | None = option("", values.optional(values.positive_number), "cores, like `2.5`")
    pids_limit: int | Literal["auto"] = option(
        AUTO,
        values.automatic(values.integer),
        "processes and threads of each container; `auto`: a task's share (`maxjobs`) of three quarters of "
        "what the kernel lets there be, from 1024 to 16384",
    )
    disk_limit: int | None = option(
        "",
        values.without(values.memory),
        "bytes on disk that a task may take, like `100G`; one that takes more is stopped. Whatever it "
        "is: where less than half of `minspace` is left, the task that takes most is stopped",
    )
    plugin_config_dir: Path = option(
        "/etc/kojid/plugins",
        values.absolute_path,
        "where `runroot.conf` and `save_failed_tree.conf` are",
    )
    site_defaults: Path | None = option(
        "/etc/mock/site-defaults.cfg",
        values.optional(values.absolute_path),
        "mock's configuration of this host, if it is there: its macros and environment are for all builds, "
        "and `check` names [what is not heeded](operator-guide.md#what-builds-get-from-their-host); empty: "
        "none",
    )
    macros: Mapping[str, str] = option(
        "", values.macros, "`%name value`, one a line: rpm macros for all builds; those of a tag win"
    )
    environment: Mapping[str, str] = option(
        "", values.variables, "`NAME=value`, one a line: for all builds; those of a tag win"
    )
    build_mounts: tuple[BuildMount, ...] = option(
        "",
        host_access.build_mounts,
        "`source:target[:ro] [tag=…] [channel=…]`, one a line: what of the host builds see "
        "([what that opens](operator-guide.md#what-builds-get-from-their-host))",
    )
    build_devices: tuple[BuildDevice, ...] = option(
        "",
        host_access.build_devices,
        "`/dev/name [tag=…] [channel=…]`, one a line: devices that builds may open",
    )
    provenance: bool = option(
        "true",
        values.boolean,
        "beside the logs of each build: provenance.json and sbom.spdx.json "
        "([what they say](operator-guide.md#evidence-of-a-build))",
    )
    provenance_key: Path | None = option(
        "",
        values.optional(values.absolute_path),
        "a private key in PEM, without a password; the provenance is signed with it, as "
        "provenance.intoto.json",
    )
    strict_spec_tags: bool = option(
        "false",
        values.boolean,
        "refuse every spec that sets Packager, Vendor or Distribution anywhere",
    )
    scm_home: Path | None = option(
        "~",
        values.optional(_home),
        "the home directory whose `.ssh`, `.netrc`, `.subversion` and `.cvspass` checkouts use; empty: none",
    )
    checkout_timeout: float = option(
        "3600",
        values.positive_number,
        "seconds for all that one checkout does; the source command has `rpmbuild_timeout`",
    )
    install_timeout: float = option(
        "7200",
        values.positive_number,
        "seconds for each time that packages are resolved, and for each time that they are installed, their "
        "scripts included",
    )
    monitoring_enabled: bool = option(
        "true", values.boolean, "keep a journal, and serve dashboard, API and metrics"
    )
    monitoring_bind: Address = option(
        "127.0.0.1:8080",
        values.address,
        "where; anywhere but on loopback `monitoring_token` is needed",
    )
    monitoring_token: str | None = option(
        "",
        values.optional(str),
        "a password for whoever looks, as bearer token or, in a browser, with any user name",
        secret=True,
    )
    monitoring_task_history_ttl: float = option(
        "2592000", values.positive_number, "seconds that a task stays in the journal after its end"
    )
    monitoring_container_history_ttl: float = option(
        "604800", values.positive_number, "the same for containers, after their creation"
    )

    @property
    def task_network(self) -> NetworkMode:
        """What checkout and source command get."""
        return self.network_mode if self.network_enabled else "none"


READERS: Mapping[str, Callable[[str], Any]] = {
    one.name: one.metadata["read"] for one in fields(AdjutantOptions)
}
"""How the text of each key is read."""

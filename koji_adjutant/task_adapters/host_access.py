"""What of this host a task's builds may use, as [adjutant] says for its tag and channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from koji.tasks import RefuseTask

from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.host_access import BuildDevice, BuildMount
from koji_adjutant.hub.interface import HubSession


def with_host_access(
    config: BuildrootConfig, options: AdjutantOptions, tag: str, channel: Callable[[], str]
) -> BuildrootConfig:
    """Add the mounts and devices that builds for ``tag`` get; ``channel`` is called where it counts.

    RefuseTask, so that another builder takes the task, where this host cannot give something of it.
    """
    mounts = [each for each in options.build_mounts if each.circle.has(tag, channel)]
    devices = [each for each in options.build_devices if each.circle.has(tag, channel)]
    everything: Sequence[BuildMount | BuildDevice] = [*mounts, *devices]
    for each in everything:
        if why := each.lacking():
            raise RefuseTask(f"builds for {tag} get {each}, which is {why}")
    return replace(
        config,
        build_mounts=tuple(each.what for each in mounts),
        build_devices=tuple(each.what for each in devices),
    )


def channel_of(session: HubSession, task_id: int) -> Callable[[], str]:
    """Return what asks the hub, once, for the name of the channel that a task is in."""

    @cache
    def channel() -> str:
        task = session.getTaskInfo(task_id, strict=True)
        return session.getChannel(task["channel_id"], strict=True)["name"]

    return channel

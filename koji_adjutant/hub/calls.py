"""The hub's calls that the worker and its commands make, in the forms in which they make them.

Names, of calls and of arguments, are the hub's, and so is the order of arguments; which task makes which call
is in docs/reference/hub-calls.md. Calls that koji's library makes by itself (``taskWait``, ``repo.request``)
are not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, overload

from koji_adjutant.hub.rows import (
    ArchiveRow,
    BuildConfig,
    BuildrootRow,
    BuildRow,
    ChannelRow,
    EventRow,
    ExternalRepoRow,
    HostRow,
    InheritanceLink,
    ListedBuild,
    NewBuild,
    OpenTask,
    PackageConfig,
    RepoRow,
    TaggedBuild,
    TaggedRpm,
    TagReference,
    TagRow,
    TargetRow,
    TaskRow,
    UserRow,
)


class HubCalls(Protocol):
    """Calls that anybody may make; koji.GenericError, or a class below it, is the hub's refusal."""

    def getAPIVersion(self) -> int: ...

    def getLastEvent(self) -> EventRow: ...

    # tasks

    @overload
    def getTaskInfo(self, task_id: int, request: bool = ..., *, strict: Literal[True]) -> TaskRow: ...
    @overload
    def getTaskInfo(self, task_id: int, request: bool = ...) -> TaskRow | None: ...

    def getTaskChildren(self, task_id: int) -> list[TaskRow]: ...

    def cancelTaskChildren(self, task_id: int) -> None: ...

    def getTaskResult(self, taskId: int) -> Any:
        """Return what the task returned. Raises the fault of one that failed."""
        ...

    @overload
    def listTaskOutput(self, taskID: int) -> list[str]: ...
    @overload
    def listTaskOutput(self, taskID: int, *, all_volumes: Literal[True]) -> dict[str, list[str]]: ...

    # tags

    @overload
    def getTag(self, tagInfo: TagReference, strict: Literal[True], event: int | None = ...) -> TagRow: ...
    @overload
    def getTag(
        self, tagInfo: TagReference, strict: Literal[False] = ..., event: int | None = ...
    ) -> TagRow | None: ...

    def getBuildConfig(self, tag: TagReference, event: int | None = ...) -> BuildConfig: ...

    def getFullInheritance(self, tag: int) -> list[InheritanceLink]: ...

    def getBuildTarget(self, info: int | str, event: int | None = ...) -> TargetRow | None: ...

    def getPackageConfig(
        self, tag: int | str, pkg: str | None, event: int | None = ...
    ) -> PackageConfig | None: ...

    def listTaggedRPMS(
        self,
        tag: TagReference,
        event: int | None = ...,
        inherit: bool | None = ...,
        latest: bool | None = ...,
        *,
        arch: str,
        rpmsigs: Literal[True],
    ) -> tuple[list[TaggedRpm], list[TaggedBuild]]: ...

    # repositories

    @overload
    def repoInfo(self, repo_id: int, strict: Literal[True]) -> RepoRow: ...
    @overload
    def repoInfo(self, repo_id: int) -> RepoRow | None: ...

    def getRepo(self, tag: TagReference, state: int | None = ..., *, dist: bool = ...) -> RepoRow | None: ...

    def getExternalRepoList(self, tag_info: int | str, event: int | None = ...) -> list[ExternalRepoRow]: ...

    # builds

    def getBuild(self, buildInfo: int | str, strict: Literal[True]) -> BuildRow: ...

    def listBuilds(self, *, taskID: int) -> list[ListedBuild]: ...

    def getMavenBuild(self, buildInfo: int, strict: bool = ...) -> Mapping[str, object] | None: ...

    def getWinBuild(self, buildInfo: int, strict: bool = ...) -> Mapping[str, object] | None: ...

    def getImageBuild(self, buildInfo: int, strict: bool = ...) -> Mapping[str, object] | None: ...

    def listArchives(self, buildID: int, *, type: str) -> list[ArchiveRow]: ...

    def getAverageBuildDuration(self, package: str, age: int) -> float | None:
        """Return seconds; ``age`` is in months."""
        ...

    def getChangelogEntries(
        self, buildID: int, *, queryOpts: Mapping[str, object]
    ) -> Sequence[Mapping[str, object]]: ...

    # buildroots, hosts, people

    def getBuildroot(self, buildrootID: int) -> BuildrootRow | None: ...

    def getHost(self, hostInfo: int | str) -> HostRow | None: ...

    def getLastHostUpdate(self, hostID: int, ts: Literal[True]) -> float | None:
        """Return when, in seconds since the epoch, the builder last called the hub; None: never."""
        ...

    def listHosts(self, *, channelID: int, ready: bool, enabled: bool) -> list[HostRow]: ...

    @overload
    def getUser(self, userInfo: int | str, strict: Literal[True]) -> UserRow: ...
    @overload
    def getUser(self, userInfo: int | str) -> UserRow | None: ...

    def getLoggedInUser(self) -> UserRow: ...

    def getChannel(self, channelInfo: int | str, strict: Literal[True]) -> ChannelRow: ...

    def listChannels(self, *, hostID: int, enabled: Literal[True]) -> list[ChannelRow]:
        """List the channels that a builder takes tasks of."""
        ...


class SchedulerCalls(Protocol):
    """Calls about who does what: ``scheduler.…`` on the hub."""

    def getTaskRuns(self, clauses: Sequence[Sequence[object]]) -> Sequence[Mapping[str, object]]:
        """List the assignments by the scheduler that fit ``[[field, operator, value], …]``."""
        ...


class HostCalls(Protocol):
    """Calls of a builder that is logged in, for its own tasks: ``host.…`` on the hub."""

    def getHost(self) -> HostRow: ...

    def getHostTasks(self) -> list[OpenTask]: ...

    def assertPolicy(self, name: str, data: Mapping[str, object]) -> None:
        """Raise koji.ActionNotAllowed if the hub's policy ``name`` is against it."""
        ...

    # tasks

    def refuseTask(self, task_id: int, soft: bool = True, msg: str = "") -> None:
        """Give a task that was assigned to this host back; to none but others if it is not ``soft``."""
        ...

    def setTaskWeight(self, task_id: int, weight: float) -> None: ...

    def subtask(
        self,
        *,
        method: str,
        arglist: Sequence[object],
        parent: int,
        label: str = ...,
        arch: str = ...,
        assign: int = ...,
    ) -> int: ...

    def openTask(self, task_id: int) -> Mapping[str, object] | None:
        """Begin a task that is assigned to this host; None if it is not any more."""
        ...

    def updateHost(self, *, task_load: float, ready: bool) -> None: ...

    def freeTasks(self, tasks: Sequence[int]) -> None:
        """Give back those that are open on this host. Those that are only assigned stay so."""
        ...

    # buildroots

    def newBuildRoot(self, repo: int, arch: str, task_id: int) -> int | None: ...

    def setBuildRootState(self, brootid: int, state: str) -> None: ...

    def setBuildRootList(self, brootid: int, rpmlist: Sequence[Mapping[str, object]]) -> None: ...

    def updateBuildRootList(self, brootid: int, rpmlist: Sequence[Mapping[str, object]]) -> None: ...

    # builds

    def initBuild(self, data: NewBuild) -> int: ...

    def completeBuild(
        self,
        task_id: int,
        build_id: int,
        srpm: str,
        rpms: Sequence[str],
        brmap: Mapping[str, int],
        logs: Mapping[str, Sequence[str]],
    ) -> object: ...

    def failBuild(self, task_id: int, build_id: int) -> None: ...

    def moveBuildToScratch(
        self, task_id: int, srpm: str, rpms: Sequence[str], logs: Mapping[str, Sequence[str]]
    ) -> None: ...

    def importWrapperRPMs(self, task_id: int, build_id: int, rpm_results: Mapping[str, object]) -> None: ...

    def tagBuild(
        self,
        task_id: int,
        tag: int | str,
        build: int | str,
        force: bool | None = ...,
        fromtag: int | str | None = ...,
    ) -> None: ...

    def tagNotification(
        self,
        is_successful: bool,
        tag_id: int | str,
        from_id: int | str | None,
        build_id: int | str,
        user_id: int,
        ignore_success: bool | None = ...,
        failure_msg: str = ...,
    ) -> None: ...

    # repositories

    def repoInit(
        self, tag: int, task_id: int, event: int = ..., opts: Mapping[str, object] | None = ...
    ) -> tuple[int, int]:
        """Return the new repo's id and its create event."""
        ...

    def repoDone(
        self,
        repo_id: int,
        data: Mapping[str, Sequence[object]],
        *,
        repo_json_updates: Mapping[str, object] = ...,
    ) -> None: ...

    def distRepoMove(self, repo_id: int, uploadpath: str, arch: str) -> None: ...

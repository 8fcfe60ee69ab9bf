"""What the hub answers with, and is given: its rows, with the fields that are read here and no others.

The shapes are kojihub's (``kojihub.py`` and ``repos.py`` of koji 1.35); a test holds them against what a real
hub answered to a stock builder. Times are seconds since the epoch, ``state`` is koji's number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict


class TaskRow(TypedDict):
    """A task; ``request`` is there when it was asked for."""

    id: int
    method: str
    state: int
    arch: str
    owner: int
    channel_id: int
    host_id: int | None
    label: str | None
    create_ts: float
    request: NotRequired[Sequence[Any]]


class OpenTask(TypedDict):
    """One of a host's own tasks."""

    id: int


class TagName(TypedDict):
    id: int
    name: str


TagReference = int | str | Mapping[str, object]
"""A tag as the hub's calls take it: by id, by name, or as an object with one of them."""


class TagRow(TypedDict):
    """A tag as it is configured itself; ``arches`` are separated by spaces."""

    id: int
    name: str
    arches: str | None
    extra: Mapping[str, Any]


class InheritedExtra(TypedDict):
    """By key of ``extra``, the tag that a value was inherited from."""

    extra: Mapping[str, TagName]


class BuildConfig(TagRow):
    """A tag with what it inherits."""

    config_inheritance: InheritedExtra


class InheritanceLink(TypedDict):
    """One ancestor of a tag, ``currdepth`` links away."""

    parent_id: int
    currdepth: int


class TargetRow(TypedDict):
    """A build target: builds use the one tag and go to the other."""

    id: int
    name: str
    build_tag: int
    build_tag_name: str
    dest_tag: int
    dest_tag_name: str


class PackageConfig(TypedDict):
    """A package in a tag's list."""

    blocked: bool
    extra_arches: str | None


class RepoRow(TypedDict):
    """A repository of a tag as it was at ``create_event``."""

    id: int
    state: int
    create_event: int
    tag_id: int
    tag_name: str
    dist: bool


class OldRepo(TypedDict):
    """A repository whose metadata is of use for a new one."""

    id: int


class ExternalRepoRow(TypedDict):
    """An external repository of a tag; ``url`` has ``$arch`` in it, ``arches`` None is all."""

    external_repo_id: int
    external_repo_name: str
    url: str
    merge_mode: str
    arches: str | None


class BuildRow(TypedDict):
    """A build. What imports made has no task."""

    id: int
    name: str
    version: str
    release: str
    epoch: int | None
    nvr: str
    package_name: str
    owner_name: str
    state: int
    task_id: int | None
    creation_ts: float
    completion_ts: float | None
    draft: NotRequired[bool]


class ListedBuild(TypedDict):
    """A build as the hub's lists have it."""

    nvr: str


class TaggedBuild(TypedDict):
    """A build in a tag."""

    id: int
    nvr: str
    draft: NotRequired[bool]


class TaggedRpm(TypedDict):
    """A package in a tag, one row for each of its signatures; ``sigkey`` "" is the unsigned one."""

    id: int
    name: str
    version: str
    release: str
    arch: str
    build_id: int
    sigkey: str | None


class ArchiveRow(TypedDict):
    """A build's file that is not a package."""

    filename: str


class BuildrootRow(TypedDict):
    """A buildroot's record."""

    id: int
    host_id: int
    tag_name: str
    repo_id: int
    arch: str


class HostRow(TypedDict):
    """A builder; ``arches`` are separated by spaces."""

    id: int
    name: str
    arches: str
    enabled: bool


class UserRow(TypedDict):
    name: str


class ChannelRow(TypedDict):
    id: int
    name: str


class EventRow(TypedDict):
    id: int


class ChunkReceipt(TypedDict):
    """What the hub has of a chunk of a file: its adler32."""

    hexdigest: str


class NewBuild(TypedDict):
    """What ``host.initBuild`` is given; ``source`` is the SCM URL with the commit."""

    name: str | None
    version: str | None
    release: str | None
    epoch: int | None
    task_id: int
    source: NotRequired[str]
    extra: NotRequired[dict[str, object]]
    draft: NotRequired[bool]

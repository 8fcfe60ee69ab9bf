"""What tasks are given and what they return, where one task's words are another's: options and results.

Options are those that count here; which of them are there is up to whoever made the task. Paths in results
are relative to the hub's ``work``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict


class RepoOptions(TypedDict, total=False):
    """Of ``buildArch``."""

    repo_id: int | None


class SourceOptions(RepoOptions, total=False):
    """Of ``buildSRPMFromSCM`` and ``rebuildSRPM``."""

    scratch: bool | None


class BuildOptions(SourceOptions, total=False):
    """Of ``build``, and of each build of a ``chainbuild``."""

    arch_override: str | None
    custom_user_metadata: dict[str, object] | None
    draft: bool | None
    fail_fast: bool
    rebuild_srpm: bool | None
    skip_tag: bool | None
    wait_builds: Sequence[str] | None
    wait_repo: bool | None


class WrapperOptions(SourceOptions, total=False):
    """Of ``wrapperRPM``."""

    create_build: bool | None
    custom_user_metadata: dict[str, object] | None
    draft: bool | None
    skip_tag: bool | None
    wait_builds: Sequence[str] | None
    wait_repo: bool | None


class DistRepoOptions(TypedDict):
    """Of ``distRepo`` and ``createdistrepo``; ``multilib`` is the path of an uploaded configuration."""

    allow_missing_signatures: bool
    arch: Sequence[str]
    event: int | None
    inherit: bool
    latest: bool
    multilib: str | None
    skip_missing_signatures: bool
    createrepo_skip_stat: NotRequired[bool | None]
    delta: NotRequired[Sequence[int] | None]
    split_debuginfo: NotRequired[bool]
    write_signed_rpms: NotRequired[bool]
    zck: NotRequired[bool]
    zck_dict_dir: NotRequired[str | None]


class SourcePackageResult(TypedDict):
    """Of ``buildSRPMFromSCM`` and ``rebuildSRPM``; ``source`` is {url: as asked for, source: as found}."""

    srpm: str
    logs: Sequence[str]
    brootid: int
    source: Mapping[str, str]


class BuildArchResult(TypedDict):
    """Of ``buildArch``; ``srpms`` has one for the task that was asked to keep it."""

    rpms: Sequence[str]
    srpms: Sequence[str]
    logs: Sequence[str]
    brootid: int


class WrapperResult(TypedDict):
    """Of ``wrapperRPM``; names of files in the task's directory."""

    buildroot_id: int
    srpm: str
    rpms: Sequence[str]
    logs: Sequence[str]
    source: Mapping[str, str]
    custom_user_metadata: NotRequired[dict[str, object]]

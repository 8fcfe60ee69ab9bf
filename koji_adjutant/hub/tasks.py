"""What tasks are given and what they return, where one task's words are another's: options and results.

Options are those that count here; which of them are there is up to whoever made the task. Paths in results
are relative to the hub's ``work``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from koji_adjutant.hub.arguments import Arch, Arches, Flag


class RepoOptions(TypedDict, total=False):
    """Of ``buildArch``."""

    repo_id: int | None


class SourceOptions(RepoOptions, total=False):
    """Of ``buildSRPMFromSCM`` and ``rebuildSRPM``."""

    scratch: Flag


class BuildOptions(SourceOptions, total=False):
    """Of ``build``, and of each build of a ``chainbuild``."""

    arch_override: Arches | None
    custom_user_metadata: object
    draft: Flag
    fail_fast: Flag
    rebuild_srpm: Flag
    skip_tag: Flag
    wait_builds: Sequence[str] | None
    wait_repo: Flag


class WrapperOptions(SourceOptions, total=False):
    """Of ``wrapperRPM``."""

    create_build: Flag
    custom_user_metadata: object
    draft: Flag
    skip_tag: Flag
    wait_builds: Sequence[str] | None
    wait_repo: Flag


class DistRepoOptions(TypedDict):
    """Of ``distRepo``; ``multilib`` is the path of an uploaded configuration."""

    arch: Sequence[Arch] | None
    event: int | None
    multilib: NotRequired[str | None]


class CreateDistRepoOptions(TypedDict):
    """Of ``createdistrepo``, which has them from its ``distRepo``."""

    allow_missing_signatures: Flag
    event: int | None
    inherit: Flag
    latest: Flag
    multilib: NotRequired[str | None]
    skip_missing_signatures: Flag
    createrepo_skip_stat: NotRequired[Flag]
    delta: NotRequired[Sequence[int] | None]
    split_debuginfo: NotRequired[Flag]
    write_signed_rpms: NotRequired[Flag]
    zck: NotRequired[Flag]
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
    custom_user_metadata: NotRequired[object]

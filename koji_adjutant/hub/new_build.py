"""What two tasks say of a build that they begin: ``build``, and ``wrapperRPM`` with create_build."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import koji

from koji_adjutant.hub.rows import NewBuild, PackageConfig
from koji_adjutant.hub.tasks import BuildOptions, WrapperOptions
from koji_adjutant.rpm.header import RpmHeader, Tag


def describe_build(
    header: RpmHeader, task_id: int, source: Mapping[str, str] | None, opts: BuildOptions | WrapperOptions
) -> NewBuild:
    """Return what ``host.initBuild`` gets about the build of this source package.

    ``source`` is koji's {url: as asked for, source: with the commit}, if it comes from an SCM.
    """
    build: NewBuild = {
        "name": header.text(Tag.NAME),
        "version": header.text(Tag.VERSION),
        "release": header.text(Tag.RELEASE),
        "epoch": header.number(Tag.EPOCH),
        "task_id": task_id,
    }
    if source:
        build["source"] = source["source"]
        build["extra"] = {"source": {"original_url": source["url"]}}
    if metadata := opts.get("custom_user_metadata"):
        build.setdefault("extra", {})["custom_user_metadata"] = metadata
    if draft := opts.get("draft"):
        build["draft"] = draft
    return build


def check_metadata(metadata: object) -> None:
    """Raise koji.BuildError if the hub could not keep what a user wants to be kept with a build."""
    try:
        json.dumps(metadata)
    except (TypeError, ValueError, RecursionError):
        raise koji.BuildError("custom_user_metadata is not JSON serializable") from None


def check_package(config: PackageConfig | None, package: str | None, tag: int | str) -> None:
    """Raise koji.BuildError if a build of this package could not be tagged afterwards."""
    if config is None:
        raise koji.BuildError(f"package {package} not in list for tag {tag}")
    if config["blocked"]:
        raise koji.BuildError(f"package {package} is blocked for tag {tag}")


def begin_tagging(subtask: Callable[..., int], task_id: int, build_id: int, tag: int) -> int:
    """Make the subtask that tags the build, by host.subtask or what stands for it. Returns its id."""
    return subtask(
        method="tagBuild",
        arglist=[tag, build_id, False, None, True],
        label="tag",
        parent=task_id,
        arch="noarch",
    )

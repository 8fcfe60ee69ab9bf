"""Questions about content that is not RPMs: devhub builds have none, and it says so as a real hub would."""

from __future__ import annotations

from typing import Any

from koji_adjutant.devhub import builds, tags
from koji_adjutant.devhub.api import exported
from koji_adjutant.devhub.call import Call
from koji_adjutant.devhub.query import apply_options


@exported("getMavenBuild", "buildInfo")
def get_maven_build(call: Call, build_info: Any, strict: bool = False) -> None:
    """None; with ``strict`` the build must exist."""
    builds.find_build_id(call, build_info, strict)


@exported("getWinBuild", "buildInfo")
def get_win_build(call: Call, build_info: Any, strict: bool = False) -> None:
    """None; with ``strict`` the build must exist."""
    builds.find_build_id(call, build_info, strict)


@exported("getImageBuild", "buildInfo")
def get_image_build(call: Call, build_info: Any, strict: bool = False) -> None:
    """None; with ``strict`` the build must exist."""
    builds.find_build_id(call, build_info, strict)


@exported("listArchives", "buildID", "buildrootID", "componentBuildrootID", "hostID", "queryOpts")
def list_archives(
    call: Call,
    build_id: Any = None,
    buildroot_id: Any = None,
    component_buildroot_id: Any = None,
    host_id: Any = None,
    type: Any = None,  # noqa: A002 - the remote name
    filename: Any = None,
    size: Any = None,
    checksum: Any = None,
    checksum_type: Any = None,
    query_opts: Any = None,
    **more: Any,
) -> Any:
    """No archives."""
    del call, build_id, buildroot_id, component_buildroot_id, host_id, type, filename, size, checksum
    del checksum_type, more
    return apply_options([], query_opts)


@exported("listTaggedArchives")
def list_tagged_archives(call: Call, tag: Any, *args: Any, strict: bool = True, **more: Any) -> list[Any]:
    """``[archives, builds]`` of a tag: none."""
    del args, more
    tags.get_tag(call, tag, strict=strict)
    return [[], []]


@exported("getArchiveTypes")
def get_archive_types(call: Call) -> list[Any]:
    """None."""
    del call
    return []


@exported("listCGs")
def list_cgs(call: Call) -> dict[str, Any]:
    """No content generators."""
    del call
    return {}

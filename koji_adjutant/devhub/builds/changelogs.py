"""Changelogs, which the hub reads from source packages when asked."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import koji
import koji.util

from koji_adjutant.devhub.builds import builds, rpms
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import apply_options
from koji_adjutant.rpm.header import RpmHeader, Tag


@exported("getChangelogEntries", "buildID", "taskID", "queryOpts")
def get_changelog_entries(
    call: Call,
    build_id: Any = None,
    task_id: Any = None,
    filepath: str | None = None,
    author: str | None = None,
    before: Any = None,
    after: Any = None,
    query_opts: Any = None,
    strict: bool = False,
) -> Any:
    """Read the changelog of a build's source package, or of one that a task has left at ``filepath``.

    Returns ``[{date, date_ts, author, text}]``, newest first if ``queryOpts`` does not say otherwise. Without
    such a package the list is empty; ``strict`` raises GenericError instead.
    """
    options = dict(query_opts or {})
    if options.get("order") in ("date", "-date"):
        options["order"] = options["order"].replace("date", "date_ts")
    path = _source_package(call, build_id, task_id, filepath)
    if path is None or not path.is_file():
        if strict:
            raise koji.GenericError(f"no source package of {build_id or filepath}")
        return apply_options([], options)
    return apply_options(
        [
            entry
            for entry in _entries(path)
            if (not author or entry["author"] == author)
            and (not before or entry["date_ts"] < _seconds(before))
            and (not after or entry["date_ts"] > _seconds(after))
        ],
        options,
    )


def _source_package(call: Call, build_id: Any, task_id: Any, filepath: str | None) -> Path | None:
    if build_id:
        build = builds.get_build(call, build_id)
        sources = rpms.list_rpms(call, build["id"], arches="src") if build else []
        return Path(call.paths.build(build), call.paths.rpm(sources[0])) if sources else None
    if not task_id:
        raise koji.GenericError("either buildID or taskID and filepath must be specified")
    if not filepath:
        raise koji.GenericError("filepath must be specified with taskID")
    if filepath.startswith("/") or ".." in Path(filepath).parts:
        raise koji.GenericError(f"Invalid filepath: {filepath}")
    return Path(call.paths.work(), call.paths.taskrelpath(task_id), filepath)


def _entries(path: Path) -> list[Row]:
    header = RpmHeader(path)
    times = header.numbers(Tag.CHANGELOGTIME)
    return [
        {
            "date": datetime.datetime.fromtimestamp(seconds).isoformat(" "),
            "date_ts": seconds,
            "author": author,
            "text": text,
        }
        for seconds, author, text in zip(
            times, header.texts(Tag.CHANGELOGNAME), header.texts(Tag.CHANGELOGTEXT), strict=True
        )
    ]


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        return float(koji.util.parseTime(value))
    if not isinstance(value, int):
        raise koji.GenericError(f"Invalid type for a time: {type(value)}")
    return value

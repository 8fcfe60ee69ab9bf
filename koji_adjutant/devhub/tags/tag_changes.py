"""When a tag changed: what repos are compared with."""

from __future__ import annotations

from typing import Any

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.tags import external_repos, inheritance, tags

CONTENT = tuple(table for table in tags.VERSIONED if table != "tag_package_owners")
"""What changes a repo made from the tag; who owns a package does not."""


def _events(call: Call, tag_id: int, event: int | None, inherit: bool) -> list[tuple[str, str, list[int]]]:
    """List the (table, column, ids) to look at for a tag: its ancestors' rows and their external repos'
    URLs."""
    tag_ids = inheritance.tag_and_ancestors(call, tag_id, event) if inherit else [tag_id]
    wanted = [(table, "tag_id", sorted(set(tag_ids))) for table in CONTENT]
    repos = {repo["external_repo_id"] for tag in tag_ids for repo in external_repos.of_tag(call, tag, event)}
    if repos:
        wanted.append(("external_repo_config", "external_repo_id", sorted(repos)))
    return wanted


def last_change(call: Call, tag_id: int, before: int | None = None, inherit: bool = True) -> int | None:
    """Find the newest event (before one) that changed the tag or what it inherits; None: none."""
    found: list[int] = []
    for table, column, ids in _events(call, tag_id, before, inherit):
        for moment in ("create_event", "revoke_event"):
            query = Select(table).columns(f"max({moment})").where_in(column, ids)
            if before is not None:
                query.where(f"{moment} < ?", before)
            value = query.value(call.db)
            if value is not None:
                found.append(value)
    return max(found, default=None)


def first_change(call: Call, tag_id: int, after: int | None = None, inherit: bool = True) -> int | None:
    """Find the oldest event (after one) that changed the tag or what it inherits; None: unchanged."""
    created: int = (
        Select("tag_config").columns("min(create_event)").where("tag_id = ?", tag_id).value(call.db)
    )
    if after is None:
        return created
    found: list[int] = []
    for table, column, ids in _events(call, tag_id, after, inherit):
        for moment in ("create_event", "revoke_event"):
            query = (
                Select(table).columns(f"min({moment})").where_in(column, ids).where(f"{moment} > ?", after)
            )
            value = query.value(call.db)
            if value is not None:
                found.append(value)
    return max(min(found), created) if found else None


@exported("tagLastChangeEvent")
def tag_last_change_event(
    call: Call, tag: Any, before: int | None = None, inherit: bool = True
) -> int | None:
    """Find the newest event that changed the tag, or None; for a deleted tag the event that ended it."""
    info = tags.get_tag(call, tag, strict=True, event="auto")
    ended: int | None = info.get("revoke_event")
    before = lookups.convert(before, int, none_allowed=True)
    if before is None and ended:
        return ended
    last = last_change(call, info["id"], before, inherit)
    return min(ended, last) if ended and last else last


@exported("tagFirstChangeEvent")
def tag_first_change_event(
    call: Call, tag: Any, after: int | None = None, inherit: bool = True
) -> int | None:
    """Find the oldest event that changed the tag, or None."""
    tag_id = lookups.require_id(call, "tag", tag)
    return first_change(call, tag_id, lookups.convert(after, int, none_allowed=True), inherit)


@exported("tagChangedSinceEvent")
def tag_changed_since_event(call: Call, event: int, taglist: list[int]) -> bool:
    """Check whether any of the tags (given by id, not expanded) changed after an event."""
    for table in CONTENT:
        query = Select(table).columns("1").where_in("tag_id", taglist)
        if query.where("create_event > ? OR revoke_event > ?", event, event).value(call.db):
            return True
    return False

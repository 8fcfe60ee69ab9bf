"""Tag inheritance: links with priorities, depth limits, filters, and the order that they give.

The order of ``full_inheritance`` decides everything else: the first tag in it that says something about a
package, a group, an arch list or an extra key wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import users
from koji_adjutant.devhub.tags import tags

FIELDS = ("parent_id", "priority", "maxdepth", "intransitive", "noconfig", "pkg_filter")


def parents(call: Call, tag_id: int, event: int | None = None) -> list[Row]:
    """List a tag's own links, by priority."""
    query = Select("tag_inheritance", "JOIN tag ON tag.id = parent_id").columns("name", *FIELDS)
    rows = query.at("tag_inheritance", event).where("tag_id = ?", tag_id).order("priority").all(call.db)
    return [{**row, "child_id": tag_id} for row in rows]


def _children(call: Call, tag_id: int, event: int | None) -> list[Row]:
    query = Select("tag_inheritance", "JOIN tag ON tag.id = tag_id").columns("tag_id", "name", *FIELDS)
    return query.at("tag_inheritance", event).where("parent_id = ?", tag_id).order("priority").all(call.db)


@dataclass
class _InheritanceWalk:
    """A depth-first walk along the links, and what it has found so far."""

    call: Call
    event: int | None
    order: list[Row]
    seen: dict[int, list[Row]]

    def visit(
        self, tag_id: int, above: tuple[int, ...], limit: int | None, noconfig: bool, filters: list[str]
    ) -> None:
        """Follow the links of a tag. ``above``: the path from the root, against loops; ``limit``: how many
        more levels the links on the path allow."""
        if limit is not None and limit < 1:
            return
        path = (*above, tag_id)
        for link in parents(self.call, tag_id, self.event):
            parent = link["parent_id"]
            if parent in path or (link["intransitive"] and len(path) > 1):
                continue
            noconfig = noconfig or link["noconfig"]
            depth = _next_depth(link["maxdepth"], limit)
            own_filters = filters + ([link["pkg_filter"]] if link["pkg_filter"] else [])
            link.update(nextdepth=depth, currdepth=len(path), filter=own_filters)
            if any(_covers(previous, depth, noconfig) for previous in self.seen.get(parent, [])):
                continue
            self.seen.setdefault(parent, []).append(link)
            self.order.append(link)
            self.visit(parent, path, depth, noconfig, own_filters)


def _next_depth(own: int | None, limit: int | None) -> int | None:
    if own is None:
        return None if limit is None else limit - 1
    return own if limit is None else min(own, limit) - 1


def _covers(previous: Row, depth: int | None, noconfig: bool) -> bool:
    """Check whether an earlier visit to the same tag already gave all that this one would."""
    reached = previous["nextdepth"]
    deep_enough = reached is None or (depth is not None and reached >= depth)
    return deep_enough and not previous["filter"] and not (previous["noconfig"] and not noconfig)


def full_inheritance(call: Call, tag_id: int, event: int | None = None) -> list[Row]:
    """List every link that a tag inherits through, in order of precedence."""
    walk = _InheritanceWalk(call, event, [], {})
    walk.visit(tag_id, (), None, False, [])
    return walk.order


def tag_and_ancestors(call: Call, tag_id: int, event: int | None = None) -> list[int]:
    """List the tag's id and those that it inherits from, in order of precedence (an id may come twice)."""
    return [tag_id, *(link["parent_id"] for link in full_inheritance(call, tag_id, event))]


def _descendants(
    call: Call, tag_id: int, event: int | None, above: tuple[int, ...], order: list[Row]
) -> None:
    path = (*above, tag_id)
    for link in _children(call, tag_id, event):
        if link["tag_id"] in path or (link["maxdepth"] is not None and link["maxdepth"] < len(path) - 1):
            continue
        if any(known["tag_id"] == link["tag_id"] for known in order):
            continue
        link.update(
            nextdepth=None, currdepth=len(path), filter=[link["pkg_filter"]] if link["pkg_filter"] else []
        )
        order.append(link)
        if not link["intransitive"]:
            _descendants(call, link["tag_id"], event, path, order)


@exported("getInheritanceData")
def get_inheritance_data(call: Call, tag: Any, event: int | None = None) -> list[Row]:
    """List a tag's own links, by priority."""
    return parents(call, lookups.require_id(call, "tag", tag), event)


@exported("getFullInheritance")
def get_full_inheritance(
    call: Call, tag: Any, event: int | None = None, reverse: bool = False, **_: Any
) -> list[Row]:
    """List every link that the tag inherits through; ``reverse``: every link through which others inherit
    from it."""
    tag_id = lookups.require_id(call, "tag", tag)
    if not reverse:
        return full_inheritance(call, tag_id, event)
    order: list[Row] = []
    _descendants(call, tag_id, event, (), order)
    return order


@exported("setInheritanceData")
def set_inheritance_data(call: Call, tag: Any, data: Any, clear: bool = False) -> None:
    """Change a tag's links: ``[{parent_id, priority, maxdepth, intransitive, noconfig, pkg_filter}, …]``, or
    ``{parent_id, "delete link": True}``; ``clear`` drops the links that are not named."""
    users.assert_perm(call, "tag")
    write_links(call, lookups.require_id(call, "tag", tag), data, clear=clear)


def write_links(call: Call, tag_id: int, changes: Any, *, clear: bool = False) -> None:
    """Change a tag's links as setInheritanceData does; permissions are not checked. Raises GenericError if
    two parents would have the same priority."""
    changes = [changes] if isinstance(changes, dict) else changes
    for change in changes:
        for name in ("parent_id",) if change.get("delete link") else FIELDS:
            if name not in change:
                raise koji.GenericError(f"No value for {name}")
        tags.get_tag(call, change["parent_id"], strict=True)
    current = {link["parent_id"]: {name: link[name] for name in FIELDS} for link in parents(call, tag_id)}
    wanted: dict[int, Row] = {} if clear else dict(current)
    for change in changes:
        if change.get("delete link"):
            wanted.pop(change["parent_id"], None)
        else:
            wanted[change["parent_id"]] = {name: change[name] for name in FIELDS}
    _refuse_equal_priorities(tag_id, wanted)
    changed = [parent for parent in {*current, *wanted} if current.get(parent) != wanted.get(parent)]
    for parent in changed:
        call.revoke("tag_inheritance", tag_id=tag_id, parent_id=parent)
    for parent in changed:
        if parent in wanted:
            call.add("tag_inheritance", tag_id=tag_id, **wanted[parent])


def _refuse_equal_priorities(tag_id: int, links: dict[int, Row]) -> None:
    by_priority: dict[int, list[int]] = {}
    for parent, link in links.items():
        by_priority.setdefault(link["priority"], []).append(parent)
    for priority, ids in by_priority.items():
        if len(ids) > 1:
            raise koji.GenericError(
                f"Multiple parent tags ({ids!r}) cannot have the same priority value ({priority})"
                f" on child tag {tag_id}"
            )


@exported("getBuildConfig")
def get_build_config(call: Call, tag: Any, event: int | None = None) -> Any:
    """Find a tag as getTag does, with arches and extra inherited; ``config_inheritance`` says from where."""
    config = tags.get_tag(call, tag, strict=True, event=event, blocked=True)
    sources: dict[str, Any] = {"extra": {}, "arches": None}
    for link in full_inheritance(call, config["id"], event):
        if link["noconfig"]:
            continue
        parent = tags.get_tag(call, link["parent_id"], strict=True, event=event, blocked=True)
        origin = {"id": parent["id"], "name": parent["name"]}
        if config["arches"] is None and parent["arches"] is not None:
            config["arches"], sources["arches"] = parent["arches"], origin
        for key, value in parent["extra"].items():
            if key not in config["extra"]:
                config["extra"][key], sources["extra"][key] = value, origin
    config["extra"] = {key: value for key, (blocked, value) in config["extra"].items() if not blocked}
    config["config_inheritance"] = sources
    return config

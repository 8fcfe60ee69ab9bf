"""Repos: their records and states."""

from __future__ import annotations

import time
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import users
from koji_adjutant.devhub.tags import tag_changes

INIT, READY, EXPIRED, DELETED = (koji.REPO_STATES[name] for name in ("INIT", "READY", "EXPIRED", "DELETED"))

OPTIONS = ("src", "debuginfo", "separate_src", "maven")
QUERY_FIELDS = ("id", "tag_id", "create_event", "state", "dist", "task_id", "opts", "custom_opts")


def select_repos() -> Select:
    """Start a query with the columns that calls about repos return."""
    query = Select("repo", "JOIN tag ON tag.id = repo.tag_id", "LEFT JOIN task ON task.id = repo.task_id")
    query.columns("repo.id", "repo.tag_id", "repo.state", "repo.dist", "repo.opts", "repo.custom_opts")
    query.columns("repo.task_id", tag_name="tag.name", task_state="task.state")
    for moment in ("create", "begin", "end"):
        query.join(f"LEFT JOIN events AS {moment}_ev ON {moment}_ev.id = repo.{moment}_event")
        query.columns(f"repo.{moment}_event", f"{moment}_ev.time AS {moment}_ts")
    for name, column in (("creation", "creation_time"), ("state", "state_time")):
        query.columns(f"iso(repo.{column}) AS {name}_time", f"repo.{column} AS {name}_ts")
    return query


@exported("repoInfo")
def repo_info(call: Call, repo_id: Any, strict: bool = False) -> Any:
    """Find a repo by its id. Returns None if there is none; ``strict`` raises GenericError instead."""
    repo_id = lookups.convert(repo_id, int, none_allowed=True)
    repo = select_repos().where("repo.id = ?", repo_id).one(call.db)
    if repo is None and strict:
        raise koji.GenericError("query returned no rows")
    return repo


@exported("getRepo")
def get_repo(
    call: Call,
    tag: Any,
    state: int | None = None,
    event: int | None = None,
    dist: bool = False,
    min_event: Any = None,
) -> Any:
    """Find the newest repo of a tag in a state (READY unless said), or the last one not newer than ``event``.
    Returns None if there is none."""
    query = select_repos().where("repo.tag_id = ?", lookups.require_id(call, "tag", tag))
    query.where("repo.dist = ?", bool(dist))
    if event:
        query.where("repo.create_event <= ?", event)
    else:
        query.where("repo.state = ?", READY if state is None else state)
    if min_event is not None:
        query.where("repo.create_event >= ?", min_event)
    return query.order("repo.creation_time DESC").one(call.db)


@exported("repo.query")
def repo_query(call: Call, clauses: Any, fields: Any = None, opts: Any = None) -> Any:
    """List repos that meet ``[[field, operator, value], …]``, as ``filter_rows`` reads them."""
    rows = filter_rows(select_repos().order("repo.id").all(call.db), clauses)
    return apply_options(pick_fields(rows, fields, QUERY_FIELDS), opts)


def filter_rows(rows: list[Row], clauses: Any) -> list[Row]:
    """Keep rows that meet all clauses ``[field, operator, value]``, or ``[field, value]`` for ``=``. Raises
    ParameterError for an unknown field or operator."""
    tests: dict[str, Any] = {
        "=": lambda found, wanted: found == wanted,
        "IS": lambda found, wanted: found is wanted,
        "!=": lambda found, wanted: found != wanted,
        "IN": lambda found, wanted: found in wanted,
        ">": lambda found, wanted: found is not None and found > wanted,
        "<": lambda found, wanted: found is not None and found < wanted,
        ">=": lambda found, wanted: found is not None and found >= wanted,
        "<=": lambda found, wanted: found is not None and found <= wanted,
    }
    for clause in clauses or []:
        field, sign, value = clause if len(clause) == 3 else (clause[0], "=", clause[1])
        if sign not in tests:
            raise koji.ParameterError(f"Invalid operator: {sign}")
        if rows and field not in rows[0]:
            raise koji.ParameterError(f"Invalid field for query: {field}")
        rows = [row for row in rows if tests[sign](row[field], value)]
    return rows


def pick_fields(rows: list[Row], fields: Any, default: tuple[str, ...]) -> list[Row]:
    """Keep only some fields of rows; None: the default ones, ``*`` or ``**``: all."""
    if fields and ("*" in fields or "**" in fields):
        return rows
    return [{name: row[name] for name in fields or default} for row in rows]


@exported("getActiveRepos")
def get_active_repos(call: Call) -> list[Row]:
    """List every repo that has not been deleted."""
    return select_repos().where("repo.state != ?", DELETED).order("repo.id").all(call.db)


def set_state(call: Call, repo_id: Any, state: int) -> None:
    """Change a repo's state; states only go up, but from PROBLEM to DELETED. Raises GenericError for any
    other change."""
    repo = repo_info(call, repo_id, strict=True)
    if repo["state"] == state:
        return
    if repo["state"] > state and state != DELETED:
        old, new = koji.REPO_STATES[repo["state"]], koji.REPO_STATES[state]
        raise koji.GenericError(f"Invalid repo state transition for repo {repo['id']}: {old} -> {new}")
    if repo["state"] == DELETED:
        raise koji.GenericError(f"Repo {repo['id']} is deleted")
    call.db.update("repo", {"state": state, "state_time": time.time()}, {"id": repo["id"]})


@exported("repo.references")
def references(call: Call, repo_id: int) -> list[Row]:
    """List the buildroots that still use a repo."""
    query = Select("buildroot").columns("id", "host_id", "task_id", "create_event", "state")
    return query.where("repo_id = ? AND retire_event IS NULL", repo_id).all(call.db)


@exported("repo.setState")
def set_state_call(call: Call, repo_id: int, state: int) -> None:
    """Change a repo's state."""
    users.assert_perm(call, "repo")
    set_state(call, repo_id, state)


@exported("repoExpire")
def repo_expire(call: Call, repo_id: int) -> None:
    """Mark a repo as expired."""
    set_state_call(call, repo_id, EXPIRED)


@exported("repoProblem")
def repo_problem(call: Call, repo_id: int) -> None:
    """Mark a repo as broken."""
    set_state_call(call, repo_id, koji.REPO_STATES["PROBLEM"])


@exported("repoDelete")
def repo_delete(call: Call, repo_id: int) -> int:
    """Mark a repo as deleted unless buildroots use it. Returns how many do."""
    users.assert_perm(call, "repo")
    used = len(references(call, repo_id))
    if not used:
        set_state(call, repo_id, DELETED)
    return used


def options_of(tag: Row, override: Any) -> tuple[Row, Row]:
    """Work out the options of a repo to be made. Returns (options, those of them that differ from the tag's
    defaults). A tag's defaults are in its extra value ``repo.opts``."""
    options = dict.fromkeys(OPTIONS, False) | _valid(tag["extra"].get("repo.opts") or {})
    if "repo.opts" not in tag["extra"] and "with_debuginfo" in tag["extra"]:
        options["debuginfo"] = bool(tag["extra"]["with_debuginfo"])
    options["maven"] = False
    wanted = _valid(override or {})
    if wanted.pop("maven", False):
        raise koji.GenericError("devhub does not have Maven repos; a real hub does")
    custom = {name: value for name, value in wanted.items() if value != options[name]}
    return options | custom, custom


def _valid(options: Row) -> Row:
    return {name: bool(options[name]) for name in OPTIONS if options.get(name) is not None}


@exported("repo.updateEndEvents")
def update_end_events(call: Call) -> None:
    """Record for each ready repo the event since which its tag is different."""
    users.assert_perm(call, "repo")
    note_end_events(call)


def note_end_events(call: Call) -> None:
    """Record for each ready repo the event since which its tag is different; permissions are not checked."""
    query = (
        Select("repo").columns("id", "tag_id", "create_event").where("end_event IS NULL AND state = ?", READY)
    )
    for repo in query.all(call.db):
        end = tag_changes.first_change(call, repo["tag_id"], after=repo["create_event"])
        if end is not None:
            call.db.update("repo", {"end_event": end}, {"id": repo["id"]})

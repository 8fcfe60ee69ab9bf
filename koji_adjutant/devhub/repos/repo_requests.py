"""Asking for repos: a request is fulfilled by a repo that is there, or waits in a queue until one has been
made."""

from __future__ import annotations

import time
from typing import Any

import koji

from koji_adjutant.devhub.core import lookups
from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select, apply_options
from koji_adjutant.devhub.people import sessions, users
from koji_adjutant.devhub.repos import repos
from koji_adjutant.devhub.tags import tag_changes, tags
from koji_adjutant.devhub.tasks import task_creation, tasks

LAG, LAG_WINDOW = 3600.0, 600.0
"""A request without an event takes a repo that misses changes of the last hour (rounded so that requests
made at about the same time ask for the same); the tag's extra value ``repo.lag`` says otherwise."""
AUTO_LAG = 7200.0
RETRIES = 3
MAX_TASKS = 10
KEPT = 60 * 60.0
QUERY_FIELDS = (
    "id",
    "tag_id",
    "at_event",
    "min_event",
    "create_ts",
    "task_id",
    "tries",
    "repo_id",
    "opts",
    "active",
    "update_ts",
)


def select_requests() -> Select:
    """Start a query with the columns that calls about requests return."""
    query = Select(
        "repo_queue AS queue", "JOIN tag ON tag.id = queue.tag_id", "JOIN users ON users.id = queue.owner"
    )
    query.join("LEFT JOIN task ON task.id = queue.task_id")
    names = (
        "id",
        "priority",
        "tag_id",
        "at_event",
        "min_event",
        "opts",
        "active",
        "task_id",
        "tries",
        "repo_id",
    )
    query.columns(*(f"queue.{name}" for name in names), "queue.owner", owner_name="users.name")
    query.columns(tag_name="tag.name", task_state="task.state", create_time="iso(queue.create_time)")
    query.columns(create_ts="queue.create_time", update_time="iso(queue.update_time)")
    return query.columns(update_ts="queue.update_time")


def _options(opts: Any) -> Row:
    if opts is None:
        return {}
    if not isinstance(opts, dict):
        raise koji.ParameterError("Repo opts must be a dictionary")
    for name in opts:
        if name not in repos.OPTIONS:
            raise koji.ParameterError(f"Invalid repo option: {name}")
    return {name: bool(value) for name, value in opts.items() if value is not None}


def _fits(repo: Row, opts: Row) -> bool:
    """Check whether a repo has all options asked for and no special one that was not."""
    has_all = all((repo["opts"] or {}).get(name) == value for name, value in opts.items())
    return has_all and all(opts.get(name) == value for name, value in (repo["custom_opts"] or {}).items())


@exported("repo.get")
def get(
    call: Call, tag: Any, min_event: int | None = None, at_event: int | None = None, opts: Any = None
) -> Any:
    """Find the newest ready repo of a tag that has the options and is not older than ``min_event`` or exactly
    of ``at_event``. Returns None if there is none; raises ParameterError for unknown options."""
    wanted = _options(opts)
    query = repos.select_repos().where("repo.tag_id = ?", lookups.require_id(call, "tag", tag))
    query.where("repo.dist = 0 AND repo.state = ?", repos.READY)
    if at_event is not None:
        query.where("repo.create_event = ?", at_event)
    elif min_event is not None:
        query.where("repo.create_event >= ?", min_event)
    found = query.order("repo.create_event DESC").all(call.db)
    return next((repo for repo in found if _fits(repo, wanted)), None)


@exported("repo.request")
def request(
    call: Call,
    tag: Any,
    min_event: Any = None,
    at_event: Any = None,
    opts: Any = None,
    priority: int | None = None,
    force: bool = False,
) -> Row:
    """Ask for a repo: ``{repo, request, duplicate}``, repo or request being None. ``min_event``: not older
    than an event, or ``"last"``: than the tag's last change; ``force``: even if there is one.

    Raises ParameterError for options or events that do not exist or contradict each other.
    """
    sessions.assert_login(call)
    info = tags.get_tag(call, tag, strict=True)
    wanted = _options(opts)
    if wanted.get("maven"):
        raise koji.GenericError("devhub does not have Maven repos; a real hub does")
    if at_event is not None and min_event is not None:
        raise koji.ParameterError("The min_event and at_event options conflict")
    at_event = _event(call, at_event)
    if at_event is None:
        min_event = _min_event(call, info, min_event)
    if not force:
        repo = get(call, info["id"], min_event, at_event, wanted)
        if repo:
            return {"repo": repo, "request": None, "duplicate": False}
    number = _priority(call, priority)
    waiting = _same_request(call, info["id"], min_event, at_event, wanted)
    if waiting:
        if waiting["priority"] > number:
            call.db.update("repo_queue", {"priority": number}, {"id": waiting["id"]})
            waiting["priority"] = number
        return {"repo": None, "request": waiting, "duplicate": True}
    now = time.time()
    values: Row = {"create_time": now, "update_time": now, "owner": call.session.user_id, "priority": number}
    values |= {"tag_id": info["id"], "at_event": at_event, "min_event": min_event, "opts": wanted}
    new = call.db.insert("repo_queue", values)
    return {"repo": None, "request": _request(call, new), "duplicate": False}


def _request(call: Call, request_id: int) -> Row | None:
    return select_requests().where("queue.id = ?", request_id).one(call.db)


def _priority(call: Call, priority: int | None) -> int:
    relative: int = lookups.convert(0 if priority is None else priority, int)
    if relative < 0 and not users.has_perm(call, "admin"):
        raise koji.ActionNotAllowed("only admins may create high-priority requests")
    default: int = koji.PRIO_DEFAULT
    return default + relative


def _event(call: Call, event: Any) -> int | None:
    if event is None:
        return None
    number: int = lookups.convert(event, int)
    if call.db.one("SELECT 1 FROM events WHERE id = ?", (number,)) is None:
        raise koji.ParameterError(f"Invalid event: {number}")
    return number


def _min_event(call: Call, tag: Row, wanted: Any) -> int | None:
    if wanted == "last":
        return tag_changes.last_change(call, tag["id"])
    if wanted is not None:
        return _event(call, wanted)
    lag = tag["extra"].get("repo.lag")
    return lagged_event(call, tag["id"], LAG if lag is None or not isinstance(lag, int) else lag)


def lagged_event(call: Call, tag_id: int, lag: float) -> int:
    """Find the tag's last change, or if that was within ``lag`` seconds, the last event before that time."""
    before = (time.time() - lag) // LAG_WINDOW * LAG_WINDOW
    base: int | None = call.db.value("SELECT max(id) FROM events WHERE time < ?", (before,))
    if base is None:  # a hub younger than that
        base = tag_changes.first_change(call, tag_id) or 0
    return min(base, tag_changes.last_change(call, tag_id) or base)


def _same_request(
    call: Call, tag_id: int, min_event: int | None, at_event: int | None, opts: Row
) -> Row | None:
    query = select_requests().where("queue.tag_id = ? AND queue.active = 1", tag_id)
    if at_event is not None:
        query.where("queue.at_event = ?", at_event)
    else:
        query.where("queue.min_event >= ?", min_event)
    waiting = query.order("queue.priority, queue.id").all(call.db)
    return next((row for row in waiting if row["opts"] == opts), None)


@exported("repo.checkRequest")
def check_request(call: Call, req_id: Any) -> Row:
    """Report what has become of a request: ``{repo, request[, task]}``. Raises GenericError if there is
    none."""
    found = _request(call, lookups.convert(req_id, int))
    if found is None:
        raise koji.GenericError("No such request")
    answer: Row = {"repo": None, "request": found}
    if found["repo_id"]:
        answer["repo"] = repos.repo_info(call, found["repo_id"])
    elif found["task_id"]:
        answer["task"] = tasks.task_info(call, found["task_id"])
    return answer


@exported("repo.queryQueue")
def query_queue(call: Call, clauses: Any = None, fields: Any = None, opts: Any = None) -> Any:
    """List requests that meet ``[[field, operator, value], …]``, as ``filter_rows`` reads them."""
    rows = repos.filter_rows(select_requests().order("queue.id").all(call.db), clauses)
    return apply_options(repos.pick_fields(rows, fields, QUERY_FIELDS), opts)


@exported("repo.setRequestPriority")
def set_request_priority(call: Call, req_id: int, priority: int) -> None:
    """Change a request's priority."""
    users.assert_perm(call, "admin")
    call.db.update("repo_queue", {"priority": int(priority)}, {"id": int(req_id)})


def fulfil(call: Call, repo_id: int) -> None:
    """Mark the requests that a repo which has just become ready fulfils."""
    repo = repos.repo_info(call, repo_id, strict=True)
    if repo["dist"]:
        return
    query = select_requests().where("queue.tag_id = ? AND queue.active = 1", repo["tag_id"])
    query.where("queue.min_event <= ? OR queue.at_event = ?", repo["create_event"], repo["create_event"])
    for waiting in query.all(call.db):
        if _fits(repo, waiting["opts"] or {}):
            done = {"repo_id": repo_id, "active": 0, "update_time": time.time()}
            call.db.update("repo_queue", done, {"id": waiting["id"]})


@exported("repo.checkQueue")
def check_queue(call: Call) -> None:
    """Make tasks for requests that wait."""
    users.assert_perm(call, "repo")
    work_queue(call)


@exported("repo.autoRequests")
def auto_requests(call: Call) -> None:
    """Request repos for tags that want them made by themselves (extra value ``repo.auto``)."""
    users.assert_perm(call, "repo")
    for row in call.db.all(
        "SELECT tag_id FROM tag_extra WHERE active = 1 AND key = 'repo.auto' AND value = 'true'"
    ):
        tag = tags.get_tag(call, row["tag_id"])
        if tag is not None:
            lag = tag["extra"].get("repo.lag")
            wanted = lagged_event(call, tag["id"], lag if isinstance(lag, int) else AUTO_LAG)
            request(call, tag["id"], min_event=wanted, priority=5)


def work_queue(call: Call) -> None:
    """Start newRepo tasks for requests without one, retry failed ones a few times, forget old requests."""
    waiting = (
        select_requests()
        .where("queue.active = 1 AND queue.repo_id IS NULL")
        .order("queue.priority, queue.id")
    )
    running = 0
    for row in waiting.all(call.db):
        if row["task_id"] is not None and row["task_state"] not in tasks.FINISHED:
            running += 1
        elif row["task_id"] is not None and row["tries"] > RETRIES:
            call.db.update("repo_queue", {"active": 0, "update_time": time.time()}, {"id": row["id"]})
        elif running < MAX_TASKS:
            running += 1
            _start_task(call, row)
    old = call.db.all("SELECT id FROM repo_queue WHERE active = 0 AND update_time < ?", (time.time() - KEPT,))
    for row in old:
        call.db.delete("repo_queue", {"id": row["id"]})


def _start_task(call: Call, row: Row) -> None:
    at_event = {} if row["at_event"] is None else {"event": row["at_event"]}
    tag = {"id": row["tag_id"], "name": row["tag_name"]}
    arguments = koji.encode_args(tag, opts=row["opts"] or {}, **at_event)
    (call.topdir / "repos").mkdir(exist_ok=True)
    owner = call.db.value("SELECT id FROM users WHERE name = 'kojira'")
    task_id = task_creation.make_task(
        call, "newRepo", arguments, priority=15, channel="createrepo", owner=owner
    )
    values = {"task_id": task_id, "tries": row["tries"] + 1, "update_time": time.time()}
    call.db.update("repo_queue", values, {"id": row["id"]})


@exported("newRepo")
def new_repo(
    call: Call,
    tag: Any,
    event: int | None = None,
    src: bool = False,
    debuginfo: bool = False,
    separate_src: bool = False,
) -> int:
    """Make a newRepo task at once. Returns its id. (A real hub allows it if its configuration says so.)"""
    if not users.has_perm(call, "repo"):
        users.assert_perm(call, "regen-repo")
    tags.get_tag(call, tag, strict=True, event=event)
    (call.topdir / "repos").mkdir(exist_ok=True)
    flags = {"src": src, "debuginfo": debuginfo, "separate_src": separate_src}
    options: Row = {name: True for name, wanted in flags.items() if wanted}
    if event is not None:
        options["event"] = event
    arguments = koji.encode_args(tag, **options)
    return task_creation.make_task(call, "newRepo", arguments, priority=15, channel="createrepo")

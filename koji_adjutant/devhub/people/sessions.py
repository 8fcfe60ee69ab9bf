"""Sessions: logging in, call numbers, subsessions, the exclusive lock.

A builder logs in once, makes that session exclusive, and opens a subsession for each task; every other
session of the same user is then refused.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import koji

from koji_adjutant.devhub.core.api import exported
from koji_adjutant.devhub.core.call import Call, Session
from koji_adjutant.devhub.core.database import Database, Row, iso_time
from koji_adjutant.devhub.core.query import Select
from koji_adjutant.devhub.people import passwords, users

EXPIRED_EXEMPT = ("login", "sslLogin")

RETRY_ALLOWED = (
    "host.taskWait",
    "host.taskUnwait",
    "host.taskSetWait",
    "host.updateHost",
    "host.setBuildRootState",
    "repoExpire",
    "repoDelete",
    "repoProblem",
)
"""Calls that may be repeated with the same number although the first attempt was committed."""


@dataclass(frozen=True)
class Credentials:
    """Which session a request belongs to, as the client claims."""

    id: int
    key: str
    callnum: int | None

    @classmethod
    def read(cls, headers: Mapping[str, str], query: str) -> Credentials | None:
        """Read which session a request claims, from the ``Koji-Session-*`` headers, or from the query string
        as clients before 1.30 send it. Returns None if it claims none; raises AuthError for half a claim."""
        if "koji-session-id" in headers:
            number = headers.get("koji-session-callnum", headers.get("koji-callnum"))
            return cls._checked(headers["koji-session-id"], headers.get("koji-session-key"), number)
        args = parse_qs(query)
        if "session-id" not in args:
            return None
        if "session-key" not in args:
            raise koji.AuthError("'session-key' not specified in session args")
        return cls._checked(args["session-id"][0], args["session-key"][0], args.get("callnum", [None])[0])

    @classmethod
    def _checked(cls, session_id: str, key: str | None, number: str | None) -> Credentials:
        try:
            callnum = None if number is None else int(number)
        except ValueError:
            raise koji.AuthError(f"Invalid callnum: {number!r}") from None
        if not session_id.isdecimal() or key is None:
            raise koji.AuthError("Invalid session or bad credentials")
        return cls(int(session_id), key, callnum)


def resume(db: Database, credentials: Credentials | None, method: str) -> Session:
    """Find the session of a request; without credentials it is an anonymous one.

    Raises AuthError, AuthExpired, SequenceError, RetryError.
    """
    if credentials is None:
        return Session()
    row = db.one("SELECT * FROM sessions WHERE id = ? AND closed = 0", (credentials.id,))
    if row is None or not secrets.compare_digest(str(row["key"]).encode(), credentials.key.encode()):
        raise koji.AuthError("Invalid session or bad credentials")
    if row["expired"] and method not in EXPIRED_EXEMPT:
        raise koji.AuthExpired(f'session "{credentials.id}" has expired')
    _check_callnum(row, credentials, method)
    if row["expired"]:
        return Session(id=row["id"], key=credentials.key, master=row["master"])
    user = db.one("SELECT name, status FROM users WHERE id = ?", (row["user_id"],)) or {}
    if user["status"] != koji.USER_STATUS["NORMAL"]:
        raise koji.AuthError(f"logins by {user['name']} are not allowed")
    exclusive, lock_error = _exclusive(db, row)
    db.update("sessions", {"update_time": time.time()}, {"id": row["id"]})
    return Session(
        id=row["id"],
        key=credentials.key,
        user_id=row["user_id"],
        user_name=user["name"],
        master=row["master"],
        callnum=credentials.callnum,
        exclusive=exclusive,
        lock_error=lock_error,
        row=row,
    )


def _check_callnum(row: Row, credentials: Credentials, method: str) -> None:
    last, number = row["callnum"], credentials.callnum
    if last is None or number is None:
        return
    if last > number:
        raise koji.SequenceError(f"{last} > {number} (session {row['id']})")
    if last == number and method not in RETRY_ALLOWED:
        raise koji.RetryError(f"unable to retry call {number} (method {method}) for session {row['id']}")


def _exclusive(db: Database, row: Row) -> tuple[bool, str | None]:
    holder = db.value(
        "SELECT id FROM sessions WHERE user_id = ? AND exclusive = 1 AND closed = 0", (row["user_id"],)
    )
    if holder is None:
        return False, None
    if holder in (row["id"], row["master"]):
        return True, None
    return False, "User locked by another session"


def assert_login(call: Call) -> int:
    """Require that the caller is logged in, and return the user id. Raises ActionNotAllowed."""
    if call.session.user_id is None:
        raise koji.ActionNotAllowed("you must be logged in for this operation")
    return call.session.user_id


def _require(call: Call) -> int:
    if call.session.user_id is None:
        raise koji.AuthError("Not logged in")
    return call.session.user_id


def _new_session(call: Call, user_id: int, master: int | None = None) -> dict[str, Any]:
    key = f"{user_id}-{secrets.token_urlsafe(24)}"
    now = time.time()
    values = {"user_id": user_id, "key": key, "master": master, "start_time": now, "update_time": now}
    session_id = call.db.insert("sessions", values)
    return {"session-id": session_id, "session-key": key, "header-auth": True}


@exported("login")
def login(
    call: Call, user: str, password: str, opts: Any = None, renew: bool = False, exclusive: bool = False
) -> Any:
    """Log in with a password. Returns ``{session-id, session-key, header-auth}``; ``renew`` keeps an expired
    session's id and gives it a new key. ``opts`` is accepted and not used."""
    del opts
    if not isinstance(password, str) or not password:
        raise koji.AuthError("invalid username or password")
    if call.session.logged_in:
        raise koji.AuthError("Already logged in")
    row = call.db.one("SELECT id, name, password, status FROM users WHERE name = ?", (user,))
    if not passwords.check_password(password, row["password"] if row else None) or row is None:
        raise koji.AuthError("invalid username or password")
    if row["status"] != koji.USER_STATUS["NORMAL"]:
        raise koji.AuthError(f"logins by {row['name']} are not allowed")
    if renew and call.session.id is not None:
        return _renew(call, row["id"])
    info = _new_session(call, row["id"])
    if exclusive:
        call.session = Session(id=info["session-id"], key=info["session-key"], user_id=row["id"])
        exclusive_session(call)
    return info


def _renew(call: Call, user_id: int) -> dict[str, Any] | None:
    """Give the expired session of the request a new key. Returns None if its master has been closed
    meanwhile; raises AuthError if it was another user's."""
    session_id = call.session.id
    old = call.db.one("SELECT user_id, master FROM sessions WHERE id = ?", (session_id,)) or {}
    if old["user_id"] != user_id:
        raise koji.AuthError("Invalid session or bad credentials")
    if old["master"] and call.db.one("SELECT 1 FROM sessions WHERE id = ? AND closed = 1", (old["master"],)):
        return None
    key = f"{user_id}-{secrets.token_urlsafe(24)}"
    now = time.time()
    values = {"key": key, "expired": 0, "update_time": now, "renew_time": now}
    call.db.update("sessions", values, {"id": session_id})
    return {"session-id": session_id, "session-key": key, "header-auth": True}


@exported("sslLogin")
def ssl_login(
    call: Call, proxyuser: Any = None, proxyauthtype: Any = None, renew: bool = False, exclusive: Any = None
) -> Any:
    """Refuse to log in, with AuthError: devhub speaks plain HTTP and knows passwords only."""
    del call, proxyuser, proxyauthtype, renew, exclusive
    raise koji.AuthError("devhub has password logins only: set user and password (authtype = password)")


@exported("logout")
def logout(call: Call, session_id: int | None = None) -> None:
    """Close a session and its subsessions: the caller's own, or another of the same user (an admin:
    anybody's)."""
    user_id = _require(call)
    target = call.session.id if session_id is None else session_id
    if session_id is not None and not users.has_perm(call, "admin"):
        owned = call.db.one("SELECT 1 FROM sessions WHERE id = ? AND user_id = ?", (session_id, user_id))
        if owned is None:
            raise koji.ActionNotAllowed("only admins or owner may logout other session")
    closed = {"expired": 1, "exclusive": None, "closed": 1}
    call.db.update("sessions", closed, {"master": target})
    call.db.update("sessions", closed, {"id": target})


@exported("subsession")
def subsession(call: Call) -> dict[str, Any]:
    """Open a further session of the same user, which shares this one's exclusive lock. Returns what login
    does."""
    user_id = _require(call)
    return _new_session(call, user_id, call.session.master or call.session.id)


@exported("logoutChild")
def logout_child(call: Call, session_id: int) -> None:
    """Close a subsession of this session."""
    _require(call)
    closed = {"expired": 1, "exclusive": None, "closed": 1}
    call.db.update("sessions", closed, {"id": session_id, "master": call.session.id})


@exported("exclusiveSession")
def exclusive_session(call: Call, force: bool = False) -> None:
    """Make this the user's only session; ``force`` closes one that is exclusive already."""
    user_id = _require(call)
    if call.session.master is not None:
        raise koji.GenericError("subsessions cannot become exclusive")
    if call.session.exclusive:
        raise koji.GenericError("session is already exclusive")
    holder = call.db.value("SELECT id FROM sessions WHERE user_id = ? AND exclusive = 1", (user_id,))
    if holder is not None:
        if not force:
            raise koji.AuthLockError("Cannot get exclusive session")
        call.db.update("sessions", {"expired": 1, "exclusive": None, "closed": 1}, {"id": holder})
    call.db.update("sessions", {"exclusive": 1}, {"id": call.session.id})


@exported("sharedSession")
def shared_session(call: Call) -> None:
    """Give up the exclusive lock."""
    _require(call)
    call.db.update("sessions", {"exclusive": None}, {"id": call.session.id})


@exported("getSessionInfo")
def get_session_info(call: Call, details: bool = False, user_id: Any = None) -> Any:
    """Describe the caller's session (None for somebody who is not logged in), or (``user_id``) every open one
    of a user. Raises ActionNotAllowed for another user's, unless the caller is an admin."""
    if not call.session.logged_in:
        return None
    if user_id is None:
        row = call.db.one("SELECT * FROM sessions WHERE id = ?", (call.session.id,)) or {}
        return _describe(row, details)
    owner = users.get_user(call, user_id, strict=True)["id"]
    if owner != call.session.user_id and not users.has_perm(call, "admin"):
        raise koji.ActionNotAllowed("only admins or owners may see all active sessions")
    query = Select("sessions").columns("*").where("user_id = ? AND expired = 0", owner)
    return [_describe(row, details) for row in query.all(call.db)]


def _describe(row: Row, details: bool) -> Row:
    fields = ["authtype", "callnum", "exclusive", "expired", "master", "user_id"]
    info = {name: row[name] for name in fields + (["hostip", "id"] if details else [])}
    for moment in ("start", "update", "renew"):
        info[f"{moment}_time"] = iso_time(row[f"{moment}_time"])
        info[f"{moment}_ts"] = row[f"{moment}_time"]
    return info


@exported("showSession")
def show_session(call: Call) -> str:
    """Describe the session in words, for people."""
    if not call.session.logged_in:
        return "session: not logged in"
    return f"session {call.session.id}: user {call.session.user_name}, exclusive {call.session.exclusive}"

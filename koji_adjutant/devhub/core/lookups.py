"""Finding rows by id or name, and checking what callers send."""

from __future__ import annotations

import re
from typing import Any

import koji

from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select

MAX_NAME = 256
NAME = re.compile(r"^[A-Za-z0-9/_.+-]+$")
USER_NAME = re.compile(r"^[A-Za-z0-9/_.@-]+$")


def convert(
    value: Any,
    cast: type,
    *,
    message: str | None = None,
    none_allowed: bool = False,
    check_only: bool = False,
) -> Any:
    """Convert an argument to ``cast``, or with ``check_only`` require that it is one already. Raises
    ParameterError (in the words of ``message``) if that fails, and for None unless that is allowed."""
    if value is None:
        if none_allowed:
            return None
        raise koji.ParameterError(message or f"Invalid type, expected type {cast}")
    wrong = message or f"Invalid type for value '{value}': {type(value)}, expected type {cast}"
    if check_only:
        if not isinstance(value, cast):
            raise koji.ParameterError(wrong)
        return value
    try:
        return cast(value)
    except (ValueError, TypeError):
        raise koji.ParameterError(wrong) from None


def id_or_name(table: str, info: Any) -> tuple[str, Any]:
    """Make the condition, with its parameter, that finds a row by an id, a name, or a dictionary with either.
    Raises ParameterError for anything else."""
    if isinstance(info, dict):
        if "id" in info:
            info = convert(info["id"], int, message=f"Invalid name or id value: {info}")
        elif "name" in info:
            info = info["name"]
    if isinstance(info, int):
        return f"{table}.id = ?", info
    if isinstance(info, str):
        return f"{table}.name = ?", info
    raise koji.ParameterError(f"Invalid name or id value: {info}")


def lookup(call: Call, table: str, info: Any, *, strict: bool = False, create: bool = False) -> Row | None:
    """Find a row as ``{id, name}``. One that is not there is made with ``create``, raises GenericError with
    ``strict``, and else is None."""
    row = Select(table).columns("id", "name").where(*id_or_name(table, info)).one(call.db)
    if row is not None:
        return row
    if strict:
        raise koji.GenericError(f"No such entry in table {table}: {info}")
    if not create:
        return None
    if not isinstance(info, str):
        raise koji.GenericError("Name must be a string")
    return {"id": call.db.insert(table, {"name": info}), "name": info}


def lookup_id(call: Call, table: str, info: Any, *, strict: bool = False, create: bool = False) -> Any:
    """Find only the id of a row, or None; see ``lookup``."""
    row = lookup(call, table, info, strict=strict, create=create)
    return row["id"] if row else None


def require_id(call: Call, table: str, info: Any) -> int:
    """Find the id of a row that must be there. Raises GenericError if it is not."""
    found: int = lookup_id(call, table, info, strict=True)
    return found


def verify_name(name: Any) -> None:
    """Refuse names that koji does not allow for tags, packages, channels and so on."""
    if not isinstance(name, str):
        raise koji.GenericError("Name should be string")
    if len(name) > MAX_NAME:
        raise koji.GenericError(f"Name {name} is too long. Max length is {MAX_NAME} characters")
    if not NAME.match(name):
        raise koji.GenericError(f"Name {name} does not match RegexNameInternal value")


def verify_user_name(name: Any) -> None:
    """Refuse names that koji does not allow for users."""
    if not isinstance(name, str):
        raise koji.GenericError("Name should be string")
    if len(name) > MAX_NAME:
        raise koji.GenericError(f"Name {name} is too long. Max length is {MAX_NAME} characters")
    if not USER_NAME.match(name):
        raise koji.GenericError(f"Name {name} does not match RegexUserName value")


def glob_to_regex(pattern: str) -> str:
    """Translate a shell pattern (``*`` and ``?``) into a case-insensitive regular expression."""
    body = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return f"(?is)^{body}$"

"""Calls about the hub itself, and about events."""

from __future__ import annotations

from typing import Any

import koji

from koji_adjutant.devhub.core import lookups, wire
from koji_adjutant.devhub.core.api import METHODS, exported
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.core.query import Select


@exported("hello")
def hello(call: Call, *args: Any) -> str:
    """Greet the caller."""
    del call, args
    return "Hello World"


@exported("echo")
def echo(call: Call, *args: Any) -> list[Any]:
    """Send the arguments back."""
    del call
    return list(args)


@exported("getAPIVersion")
def get_api_version(call: Call) -> int:
    """Return the version of koji's interface."""
    del call
    version: int = koji.API_VERSION
    return version


@exported("getKojiVersion")
def get_koji_version(call: Call) -> str:
    """Return the version of koji that devhub answers like: that of the library it uses."""
    del call
    version: str = koji.__version__
    return version


@exported("mavenEnabled")
def maven_enabled(call: Call) -> bool:
    """Say yes: there can be Maven builds, by import, and wrapperRPM tasks for them."""
    del call
    return True


@exported("winEnabled")
def win_enabled(call: Call) -> bool:
    """Say no: there can be no Windows builds."""
    del call
    return False


@exported("fault")
def raise_exception(call: Call) -> None:
    """Fail with an exception that is no koji error, to try that out."""
    del call
    raise Exception("test exception")


@exported("error")
def raise_error(call: Call) -> None:
    """Fail with a koji error, to try that out."""
    del call
    raise koji.GenericError("test error")


@exported("getEvent")
def get_event(call: Call, id: Any, strict: bool = True) -> Any:  # noqa: A002 - the remote name
    """Find an event by its id: ``{id, ts}``. Raises GenericError if there is none; without ``strict`` returns
    None instead."""
    number = lookups.convert(id, int)
    event = call.db.one("SELECT id, time AS ts FROM events WHERE id = ?", (number,))
    if event is None and strict:
        raise koji.GenericError("query returned no rows")
    return event


@exported("getLastEvent")
def get_last_event(call: Call, before: float | None = None, strict: bool = True) -> Any:
    """Find the newest event (before a time). Raises GenericError if there is none; without ``strict`` returns
    None instead."""
    query = Select("events").columns("id", ts="time")
    if before is not None:
        if not isinstance(before, int | float):
            raise koji.GenericError(f"Invalid type for before: {type(before)}")
        query.where("time < ?", before)
    event = query.order("id DESC").one(call.db)
    if event is None and strict:
        raise koji.GenericError("query returned no rows")
    return event


@exported("listVolumes")
def list_volumes(call: Call) -> list[Row]:
    """List the storage volumes, of which there is one: DEFAULT."""
    return call.db.all("SELECT id, name FROM volume ORDER BY id")


@exported("getVolume")
def get_volume(call: Call, volume: Any, strict: bool = False) -> Any:
    """Find a storage volume, by id or name: ``{id, name}``. Returns None if there is none; ``strict`` raises
    GenericError instead."""
    return lookups.lookup(call, "volume", volume, strict=strict)


@exported("getBuildNotifications", "userID")
def get_build_notifications(call: Call, user_id: Any = None) -> list[Row]:
    """Return an empty list: devhub sends no mail."""
    del call, user_id
    return []


@exported("getBuildNotificationBlocks", "userID")
def get_build_notification_blocks(call: Call, user_id: Any = None) -> list[Row]:
    """Return an empty list: devhub sends no mail."""
    del call, user_id
    return []


@exported("system.listMethods")
def list_methods(call: Call) -> list[str]:
    """List the names of all calls."""
    del call
    return sorted([*METHODS, "multiCall", "system.multicall"])


@exported("_listapi")
def list_api(call: Call) -> list[dict[str, Any]]:
    """Describe all calls with their parameters."""
    del call
    return wire.describe_methods(METHODS)


@exported("system.methodHelp")
def method_help(call: Call, method: str) -> str:
    """Explain a call in words: its parameters, and what it does. Empty for a call that does not exist."""
    del call
    found = METHODS.get(method)
    if found is None:
        return ""
    about = found.describe()
    return f"{method}{about['argdesc']}\ndescription: {about['doc']}"


@exported("system.methodSignature")
def method_signature(call: Call, method: str) -> str:
    """Answer as a real hub does: it has no signatures."""
    del call, method
    return "signatures not supported"

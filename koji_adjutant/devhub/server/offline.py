"""Administration at the database, with or without a hub running on it. (On a real hub: SQL.)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import koji

from koji_adjutant.devhub.core.call import Call, Session
from koji_adjutant.devhub.people import channels, hosts, users
from koji_adjutant.devhub.server.directory import DATABASE, open_directory
from koji_adjutant.errors import UsageError


@contextmanager
def _as_admin(directory: Path) -> Iterator[Call]:
    if not (directory / DATABASE).exists():
        raise UsageError(
            f"there is no hub in {directory}; start one first: koji-adjutant devhub --dir {directory}"
        )
    db = open_directory(directory)
    try:
        with db.transaction():
            # the first user is the admin that the hub was made with
            admin = db.one("SELECT id, name FROM users ORDER BY id") or {}
            session = Session(user_id=admin["id"], user_name=admin["name"])
            yield Call(db, session, directory / "topdir", "offline")
    except koji.GenericError as error:
        raise UsageError(str(error)) from error
    finally:
        db.close()


def set_password(directory: Path, user: str, password: str) -> None:
    """Give a user a password. Raises UsageError if there is no such user."""
    with _as_admin(directory) as call:
        users.set_password(call, user, password)


def add_user(directory: Path, user: str, password: str, permissions: Sequence[str] = ()) -> None:
    """Add a user with a password and permissions."""
    with _as_admin(directory) as call:
        users.create_user(call, user)
        users.set_password(call, user, password)
        for permission in permissions:
            users.grant_permission(call, user, permission)


def add_host(
    directory: Path, host: str, arches: Sequence[str], password: str, more_channels: Sequence[str] = ()
) -> None:
    """Add a builder with a password, in the channel default and others."""
    with _as_admin(directory) as call:
        hosts.add_host(call, host, list(arches))
        users.set_password(call, host, password)
        for channel in more_channels:
            channels.add_host_to_channel(call, host, channel)

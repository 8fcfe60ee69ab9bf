"""Administration at the database, with or without a hub running on it. (On a real hub this is done in SQL.)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.devhub import channels, hosts, users
from koji_adjutant.devhub.call import Call, Session
from koji_adjutant.devhub.process import open_directory


@contextmanager
def _as_admin(directory: Path) -> Iterator[Call]:
    db = open_directory(directory)
    try:
        with db.transaction():
            admin = db.one(
                "SELECT users.id, users.name FROM users JOIN user_perms ON user_perms.user_id = users.id AND active = 1"
                " JOIN permissions ON permissions.id = perm_id WHERE permissions.name = 'admin' ORDER BY users.id"
            ) or {}  # fmt: skip
            session = Session(user_id=admin["id"], user_name=admin["name"])
            yield Call(db, session, directory / "topdir", "offline")
    finally:
        db.close()


def set_password(directory: Path, user: str, password: str) -> None:
    """Give a user a password. Raises koji.GenericError if there is no such user."""
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

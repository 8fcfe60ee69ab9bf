"""Which hub the suite talks to: one named in the environment, or a devhub of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import koji


@dataclass(frozen=True)
class Login:
    """A user of the hub with a password."""

    name: str
    password: str


@dataclass(frozen=True)
class Hub:
    """A hub and the users that the suite may be.

    ``builder`` is the host whose part the protocol tests play by hand, ``other_builder`` the host that
    tasks do not belong to (and whose sessions are broken on purpose), ``worker`` the host of the real worker.
    ``topdir`` is None where the hub's files are not on this machine.
    """

    url: str
    files_url: str
    topdir: Path | None
    admin: Login
    user: Login
    builder: Login
    other_builder: Login
    worker: Login

    def connect(self, login: Login) -> Any:
        """A logged-in koji.ClientSession that does not hide errors behind retries."""
        session = self.anonymous(login)
        session.login()
        return session

    def anonymous(self, login: Login | None = None) -> Any:
        """A koji.ClientSession that has not logged in."""
        options: dict[str, object] = {
            "max_retries": 1,
            "offline_retry": False,
            "anon_retry": False,
            "timeout": 120,
        }
        if login is not None:
            options |= {"user": login.name, "password": login.password}
        return koji.ClientSession(self.url, options)


def from_environment(environ: Mapping[str, str]) -> Hub:
    """The hub that ADJUTANT_TEST_HUB and its companions describe (see conftest.py)."""
    url = environ["ADJUTANT_TEST_HUB"]
    password = environ.get("ADJUTANT_TEST_HOST_PASSWORD", "builder")
    names = environ.get("ADJUTANT_TEST_HOSTS", "builder1,builder2,builder3").split(",")
    builder, other, worker = (Login(name.strip(), password) for name in names)
    topdir = environ.get("ADJUTANT_TEST_HUB_TOPDIR")
    return Hub(
        url=url,
        files_url=environ.get("ADJUTANT_TEST_HUB_FILES", url.removesuffix("/kojihub") + "/kojifiles"),
        topdir=Path(topdir) if topdir else None,
        admin=_login(environ.get("ADJUTANT_TEST_ADMIN", "kojiadmin:kojiadmin")),
        user=_login(environ.get("ADJUTANT_TEST_USER", "packager:packager")),
        builder=builder,
        other_builder=other,
        worker=worker,
    )


def _login(text: str) -> Login:
    name, _, password = text.partition(":")
    return Login(name, password)

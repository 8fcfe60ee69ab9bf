"""The hub: whether it answers, lets this host in, and has the same time."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import koji
import requests

from koji_adjutant.cli.checks.result import CheckResult, Level, failing
from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import HubError
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.rows import HostRow
from koji_adjutant.hub.session import hub_errors_explained, impatient_session, log_in
from koji_adjutant.hub.tag_config import koji_arches

SKEW = 60.0
"""Seconds that this machine's clock may differ from the hub's."""
PATIENCE = 20
"""Seconds that the hub may take for one answer."""


def check_hub(options: KojidOptions) -> Iterator[CheckResult]:
    session = impatient_session(options)
    with hub_errors_explained(options):
        version = session.getAPIVersion()
    yield CheckResult(Level.OK, "hub", f"{options.server} answers (API version {version})")
    yield from failing("clock", _clock(options))
    yield from failing("files", _files(options))
    yield from failing("login", _login(options, session))


def _clock(options: KojidOptions) -> Iterator[CheckResult]:
    date = _head(options, options.server or "").headers.get("Date")
    if date is None:
        return
    ahead = time.time() - parsedate_to_datetime(date).timestamp()
    if abs(ahead) > SKEW:
        yield CheckResult(
            Level.WARN,
            "clock",
            f"this machine's is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the hub's, which "
            "Kerberos and certificates do not forgive: have it set by NTP",
        )
    else:
        yield CheckResult(Level.OK, "clock", "as the hub's")


def _files(options: KojidOptions) -> Iterator[CheckResult]:
    for url in options.topurls:
        if url.startswith(("http://", "https://")):
            _head(options, url)
            yield CheckResult(Level.OK, "files", f"{url} answers")


def _head(options: KojidOptions, url: str) -> requests.Response:
    verify = False if options.no_ssl_verify else (options.serverca or True)
    try:
        return requests.head(url, timeout=PATIENCE, verify=verify)
    except requests.RequestException as problem:
        raise HubError(f"{url} cannot be reached: {problem}") from problem


def _login(options: KojidOptions, session: HubSession) -> Iterator[CheckResult]:
    with hub_errors_explained(options):
        log_in(session, options)
    try:
        host = _host(options, session)
    finally:
        session.logout()
    if host is None:
        yield CheckResult(Level.OK, "login", "works; a worker holds this host's session, so it runs already")
        return
    yield CheckResult(Level.OK, "login", f"works; this is the host {host['name']}")
    if not host["enabled"]:
        yield CheckResult(
            Level.WARN, "host", f"the hub gives it no tasks: `koji enable-host {host['name']}` changes that"
        )
    if koji.canonArch(platform.machine()) not in koji_arches(host["arches"]):
        yield CheckResult(
            Level.WARN,
            "host",
            f"the hub believes it to be {' '.join(host['arches'].split())}, "
            f"but this machine is {platform.machine()}: "
            f"`koji edit-host --arches … {host['name']}`",
        )


def _host(options: KojidOptions, session: HubSession) -> HostRow | None:
    """Return what the hub knows of this host; None if another session, the worker's, keeps us from asking."""
    try:
        user = session.getLoggedInUser()["name"]
    except koji.AuthLockError:
        return None
    host = session.getHost(user)
    if host is None:
        raise HubError(
            f"The user {user}, who logged in at {options.server}, is not a build host: "
            "`koji add-host` makes one."
        )
    return host

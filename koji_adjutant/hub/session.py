"""Sessions with the hub: logging in by certificate, password or Kerberos, and what can go wrong."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.parsers.expat import ExpatError

import koji
import requests

from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import AdjutantError, ConfigError, HubError
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.text import innermost_reason


def impatient_session(options: KojidOptions) -> HubSession:
    """Return a session, not logged in, for people who wait: no answer is an error soon, not after hours."""
    patience = {"max_retries": 1, "retry_interval": 1, "offline_retry": False, "timeout": 20}
    session: HubSession = koji.ClientSession(options.server, koji.grab_session_options(options) | patience)
    return session


@contextmanager
def hub_errors_explained(options: KojidOptions) -> Iterator[None]:
    """Raise what goes wrong with the hub in the block as a HubError that says what to do."""
    try:
        yield
    except koji.AuthLockError as problem:
        raise HubError(
            f"Another worker holds the exclusive session at {options.server}: stop it, or take its session "
            "with --force-lock."
        ) from problem
    except koji.AuthError as problem:
        raise HubError(
            f"The hub {options.server} refused the login {_identity(options)}: {problem}."
        ) from problem
    except (requests.exceptions.RequestException, OSError, ExpatError) as problem:
        raise HubError(
            f"The hub cannot be reached at {options.server} ({innermost_reason(problem)}): check the server "
            "option and that the hub is up."
        ) from problem


@contextmanager
def asked(options: KojidOptions, about: str) -> Iterator[HubSession]:
    """Yield a session for questions about something: what the hub refuses becomes a HubError, too."""
    try:
        with hub_errors_explained(options):
            yield impatient_session(options)
    except AdjutantError:
        raise
    except koji.GenericError as problem:
        raise HubError(f"The hub says of {about}: {problem}") from problem


def log_in(session: HubSession, options: KojidOptions) -> None:
    """Log in by the first of certificate, password and Kerberos that kojid.conf has."""
    if options.cert and Path(options.cert).is_file():
        session.ssl_login(options.cert, None, options.serverca)
    elif options.user:
        if options.password is None:
            raise HubError(f"There is no password for user {options.user}: set it in kojid.conf, too.")
        session.login()
    elif koji.reqgssapi:
        _drop_empty_cache(Path(options.ccache))
        session.gssapi_login(principal=_principal(options), keytab=options.keytab, ccache=options.ccache)
    else:
        raise HubError(
            "There is nothing to log in with: set cert, or user and password, in kojid.conf, or install "
            "requests-gssapi for Kerberos."
        )


def _principal(options: KojidOptions) -> str:
    if options.krb_principal:
        return options.krb_principal
    try:
        return options.host_principal_format % socket.getfqdn()
    except (TypeError, ValueError):
        raise ConfigError(
            f"host_principal_format must have one %s, for the host's name: {options.host_principal_format!r}"
        ) from None


def _drop_empty_cache(ccache: Path) -> None:
    """Remove an empty credential cache, which would make the login fail."""
    if ccache.exists() and ccache.stat().st_size == 0:
        ccache.unlink()


def _identity(options: KojidOptions) -> str:
    if options.cert and Path(options.cert).is_file():
        return f"with the certificate {options.cert}"
    if options.user:
        return f"of user {options.user}"
    return f"of principal {_principal(options)}"

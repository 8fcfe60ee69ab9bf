"""The worker's session with its hub: logged in, and no other worker's."""

from __future__ import annotations

import koji

from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import HubError
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.session import hub_errors_explained, log_in


def open_session(options: KojidOptions) -> HubSession:
    """Return a ``koji.ClientSession`` that is logged in and exclusive.

    The calls and their order are kojid's: login by the first of certificate (if its file exists), user and
    password, GSSAPI; ``exclusiveSession``; ``echo``. HubError says in one sentence what is wrong.
    """
    session: HubSession = koji.ClientSession(options.server, koji.grab_session_options(options))
    with hub_errors_explained(options):
        log_in(session, options)
        session.exclusiveSession(force=options.force_lock)
        answer = session.echo("OK")
    if answer != ["OK"]:
        raise HubError(
            f"{options.server} answered {answer!r} instead of ['OK']: check that it is a Koji hub."
        )
    return session

"""From a request to its answer: session, transaction, call, fault.

One call at a time has the database; what takes long and needs no database (writing an upload to disk) is
done outside.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.devhub.core import api, wire
from koji_adjutant.devhub.core.call import Call
from koji_adjutant.devhub.core.database import Database
from koji_adjutant.devhub.people import sessions
from koji_adjutant.devhub.tasks import uploads

log = logging.getLogger(__name__)

MULTICALLS = ("multiCall", "system.multicall")
LOCK_EXEMPT = ("exclusiveSession", "login", "logout")
"""What another session may call while an exclusive one holds the user."""


class Dispatcher:
    """Answers requests against one database and one directory of files."""

    def __init__(self, db: Database, topdir: Path) -> None:
        self.db = db
        self.topdir = topdir
        self.lock = threading.Lock()

    def call(self, body: bytes, headers: Mapping[str, str], query: str) -> bytes:
        """Answer an XML-RPC request. Raises wire.BadRequestError; every other error becomes a fault."""
        method, params = wire.parse_request(body)
        try:
            with self.lock:
                return self._call(method, params, sessions.Credentials.read(headers, query))
        except Exception as error:
            log.debug("%s: %s", method, error, exc_info=not isinstance(error, koji.GenericError))
            return wire.fault(error)

    def upload(self, chunk: bytes, headers: Mapping[str, str], query: str) -> bytes:
        """Answer a raw upload (POST of application/octet-stream)."""
        try:
            with self.lock:
                request = uploads.RawUpload.parse(query)
                call = self._begin("rawUpload", sessions.Credentials.read(headers, query))
                self._refuse_locked(call)
                with self.db.transaction():
                    path = request.destination(call)
            return wire.response(request.write(path, chunk))
        except Exception as error:
            log.debug("rawUpload: %s", error, exc_info=not isinstance(error, koji.GenericError))
            return wire.fault(error)

    def _begin(self, method: str, credentials: sessions.Credentials | None) -> Call:
        """Make a Call for the session. It has a short transaction of its own: that somebody was here is kept
        even if the call fails."""
        with self.db.transaction():
            session = sessions.resume(self.db, credentials, method)
        return Call(self.db, session, self.topdir, method)

    def _refuse_locked(self, call: Call) -> None:
        if call.session.lock_error and call.method not in LOCK_EXEMPT:
            raise koji.AuthLockError(call.session.lock_error)

    def _call(self, method: str, params: tuple[Any, ...], credentials: sessions.Credentials | None) -> bytes:
        function = None if method in MULTICALLS else api.find(method)
        call = self._begin(method, credentials)
        self._refuse_locked(call)
        with self.db.transaction():
            before = self.db.changes
            if function is None:
                result: Any = self._multicall(call, *params)
            else:
                args, kwargs = koji.decode_args(*params)
                result = function.invoke(call, args, kwargs)
            answer = wire.response(result)
            if self.db.changes > before and call.session.callnum is not None:
                # Only a call that changed something takes its number: a reading one may be repeated.
                self.db.update("sessions", {"callnum": call.session.callnum}, {"id": call.session.id})
        return answer

    def _multicall(self, call: Call, calls: list[dict[str, Any]]) -> list[Any]:
        results: list[Any] = []
        for item in calls:
            try:
                with self.db.savepoint():
                    call.method = item["methodName"]
                    args, kwargs = koji.decode_args(*item["params"])
                    result = api.find(call.method).invoke(call, args, kwargs)
                    wire.response(result)
                    results.append([result])
            except Exception as error:  # noqa: BLE001 - one failing part does not fail the others
                log.debug("multiCall: %s: %s", call.method, error)
                results.append(wire.multicall_fault(error))
            call.forget_event()
        return results

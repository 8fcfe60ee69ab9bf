"""An embedded Koji hub for trying things and for tests. It is no production hub.

One process: SQLite, XML-RPC at /kojihub, files at /kojifiles. It answers as a real hub does, with the same
names, faults and strictness, as far as builders and everyday ``koji`` commands need; what it does not have
it says.

    with running_devhub(tmp_path) as hub:
        session = hub.session("kojiadmin", "kojiadmin")

From a request to its answer: server.py → dispatch.py → sessions.py → api.py → the module that has the call.
How a call is written: api.py, call.py, query.py.
"""

from __future__ import annotations

from koji_adjutant.devhub.server.running import DevHub, running_devhub

__all__ = ["DevHub", "running_devhub"]

"""podman-py's API client, the only thing of podman-py that is used.

Its high-level objects are left aside: its exec loses exit codes, its archives are read into memory, its wait
succeeds for what never ran and its remove waits ten seconds. The client does the transport: unix, tcp, ssh.
"""

from __future__ import annotations

from typing import cast

from podman.api.client import APIClient
from podman.api.uds import UDSConnection, UDSConnectionPool, UDSSocket

from koji_adjutant.container.connection import Client

API_VERSION = "4.0.0"


class _SocketConnection(UDSConnection):
    def connect(self) -> None:
        """Connect as the original does, which forgets to close a socket at which nobody answers."""
        sock = UDSSocket(self.uds)
        sock.settimeout(self.timeout)
        try:
            sock.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            sock.close()
            raise
        self.sock = sock


class _Pool(UDSConnectionPool):
    ConnectionCls = _SocketConnection


def connect(address: str) -> Client:
    """Make a client for the service at ``address``; nothing is sent yet."""
    client = APIClient(base_url=address, version=API_VERSION)
    if address.startswith("unix://"):
        manager = client.get_adapter("http://").poolmanager  # type: ignore[attr-defined]
        manager.pool_classes_by_scheme = {"http": _Pool}
    return cast(Client, client)

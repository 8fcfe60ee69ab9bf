"""A private podman service's bridge network: podman's default one is shared with the host's own podman."""

from __future__ import annotations

from koji_adjutant.container.connection import Connection, RefusedError, path_segment
from koji_adjutant.container.podman_images import NOT_FOUND
from koji_adjutant.container.podman_spec import EngineTraits


def ensure_network(connection: Connection, traits: EngineTraits, timeout: float) -> None:
    """Make the network that ``traits`` names if it is not there, with the first subnet that is free.

    The subnets are those of ``traits``. Raises RefusedError if none of them is free.
    """
    if traits.network is None or _exists(connection, traits.network, timeout):
        return
    for number, subnet in enumerate(traits.bridge_subnets, 1):
        request = {
            "name": traits.network,
            "driver": "bridge",
            "network_interface": traits.bridge_interface,
            "subnets": [{"subnet": subnet}],
            "dns_enabled": True,
        }
        try:
            connection.json("POST", "networks/create", body=request, timeout=timeout)
        except RefusedError:
            if _exists(connection, traits.network, timeout):
                return  # another process was faster
            if number == len(traits.bridge_subnets):
                raise
        else:
            return


def _exists(connection: Connection, name: str, timeout: float) -> bool:
    try:
        connection.json("GET", f"networks/{path_segment(name)}/exists", timeout=timeout)
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        return False
    return True

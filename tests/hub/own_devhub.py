"""A devhub of the suite's own, with the users that a real hub must be prepared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.devhub import running_devhub
from koji_adjutant.devhub.server import offline
from tests.hub.builder import ARCH
from tests.hub.server import Hub, Login

ADMIN = Login("kojiadmin", "kojiadmin")
USER = Login("packager", "packager")
HOSTS = [Login(f"builder{number}", "builder") for number in (1, 2, 3)]


@contextmanager
def own_devhub(directory: Path) -> Iterator[Hub]:
    """Start it on a free port; everything that it keeps is in ``directory``."""
    with running_devhub(directory, admin=(ADMIN.name, ADMIN.password)) as devhub:
        offline.add_user(directory, USER.name, USER.password)
        for host in HOSTS:
            offline.add_host(directory, host.name, [ARCH, "noarch"], host.password, ["createrepo"])
        yield Hub(devhub.url, devhub.files_url, devhub.topdir, ADMIN, USER, *HOSTS)

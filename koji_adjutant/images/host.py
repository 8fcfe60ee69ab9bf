"""Which distribution this host can make tool images from."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.errors import ImageError
from koji_adjutant.images.debian import DebianPackages
from koji_adjutant.images.fedora import FedoraPackages
from koji_adjutant.images.recipe import HostPackages, os_release


def host_packages() -> HostPackages:
    """Return the packages that this host can make tool images from. Raises ImageError if it can make none."""
    release = os_release(Path("/etc/os-release").read_text())
    family = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    if release.get("ID") == "debian":
        return DebianPackages(release)
    if family & {"fedora", "rhel", "centos"}:
        return FedoraPackages(release)
    name = release.get("PRETTY_NAME", "this host")
    raise ImageError(
        f"no tool image can be made on {name}: build it on Debian, Fedora or EL, or set task_image_default "
        "to an image that has dnf, rpm, createrepo_c, git, svn, cvs and Cheetah"
    )

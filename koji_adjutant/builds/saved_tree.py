"""A kept buildroot as files for people: the stock plugin's archive, and an image that podman can run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from koji_adjutant.buildroot.failed import READ_EVERYTHING
from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID
from koji_adjutant.buildroot.specification.config import CHROOT_HOME, SHELL
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.container.tools import write_request
from koji_adjutant.errors import BuildrootError

PROGRAMS = Path(__file__).parent / "tool"

CONTENT_MAX = 64 << 30
"""Bytes of files in one archive: a packager's sparse file may claim any size."""
TOO_MUCH = 3

OCI_ARCHES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "386", "armhfp": "arm"}
"""Where koji's name for an arch is not the image format's."""


def save_tree(
    workspace: Workspace, kept: Path, *, number: int, prefix: str, filters: Sequence[str], full: bool
) -> list[Path]:
    """Pack the kept root: its /builddir, or with ``full`` all of it, and then as an OCI image, too.

    ``prefix`` is put before the names in the archive; ``filters`` are patterns of such names to leave out.
    Returns the archive, and the image if there is one. Raises BuildrootError if that cannot be done.
    """
    work = workspace.workdir / "saved"
    work.mkdir()
    archive = work / f"broot-{number}.tar.gz"
    image = work / f"broot-{number}.oci.tar"
    facts = json.loads((kept / "facts.json").read_text())
    request = {
        "prefix": prefix.strip("/"),
        "filters": list(filters),
        "full": full,
        "archive": archive.name,
        "image": image.name if full else None,
        "config": _image_config(facts, number),
        "limit": CONTENT_MAX,
    }
    write_request(work, request)
    with (workspace.resultdir / "save_tree.log").open("ab", buffering=0) as log:
        status = workspace.tools.run(
            PROGRAMS / "save_tree.py",
            log,
            role="save",
            mounts=[
                VolumeMount(kept, PurePosixPath("/kept"), read_only=True),
                VolumeMount(work, PurePosixPath("/work")),
            ],
            capabilities=READ_EVERYTHING,
        )
    if status == TOO_MUCH:
        raise BuildrootError(
            f"the buildroot's files are more than {CONTENT_MAX >> 30} GiB: it cannot be saved"
        )
    if status != 0:
        raise BuildrootError(f"the buildroot could not be packed (exit status {status}), see save_tree.log")
    return [archive, image] if full else [archive]


def _image_config(facts: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return the configuration of an image that starts the build user's shell in /builddir.

    Its environment is the build's.
    """
    return {
        "name": f"localhost/koji-buildroot:{number}",
        "architecture": OCI_ARCHES.get(facts["arch"], facts["arch"]),
        "config": {
            "Env": [f"{key}={value}" for key, value in facts["environment"].items()],
            "User": f"{BUILD_UID}:{BUILD_GID}",
            "WorkingDir": str(CHROOT_HOME),
            "Cmd": list(SHELL),
        },
    }

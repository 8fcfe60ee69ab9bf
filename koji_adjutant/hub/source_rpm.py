"""A task's source package: a file on the hub that a user may have named."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import SourceError
from koji_adjutant.hub.files import fetch
from koji_adjutant.rpm.header import RpmHeader


def fetch_source_rpm(
    options: KojidOptions, directory: Path | str, name: str, missing: str = "SRPM file missing"
) -> Path:
    """Return the hub's file ``work/<name>``, fetched as ``hub_files.fetch`` does it.

    SourceError with ``missing`` if it is not there, or if the name leads out of the work directory.
    """
    if ".." in PurePosixPath(name).parts or name.startswith("/") or not name.strip("/.") or "\0" in name:
        raise SourceError(f"The source package {name!r} is not a path below the hub's work directory.")
    return fetch(options, directory, f"work/{name}", missing)


def read_source_header(path: Path) -> RpmHeader:
    """Return the header. Raises SourceError if the file is not a source package."""
    header = RpmHeader(path)
    if not header.is_source:
        raise SourceError(f"{path.name} is not a source package")
    return header

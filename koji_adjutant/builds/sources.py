"""Looking at sources from inside the buildroot: a source command may have made links of them."""

from __future__ import annotations

from pathlib import PurePosixPath

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.errors import EngineError, SpecError

SPEC_LIMIT = 16 << 20
"""Bytes of a spec file that are looked at."""


def read_spec(root: Buildroot, spec: PurePosixPath) -> bytes:
    """Return what a spec file in the buildroot says. Raises SpecError if it cannot be read."""
    # it may be a link to something that never ends
    read, text = look(root, '[ -f "$1" ] && exec head -c "$2" -- "$1"', str(spec), str(SPEC_LIMIT))
    if not read:
        raise SpecError(f"spec file {spec.name} cannot be read")
    return text


def look(root: Buildroot, script: str, *arguments: str) -> tuple[bool, bytes]:
    """Run a small script that answers yes (exit status 0) or no (1); return the answer and its output.

    Raises EngineError for another status, which is not the package's doing.
    """
    command = ["/bin/bash", "-c", script, "look", *arguments]
    status, written = root.capture(command, limit=SPEC_LIMIT)
    if status not in {0, 1}:
        excerpt = written[:200].decode("utf-8", "replace")
        raise EngineError(f"looking at the sources ended with exit status {status}: {excerpt}")
    return status == 0, written

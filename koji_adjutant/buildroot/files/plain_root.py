"""A root that is a plain directory: dearer to make than an overlay, and cheaper to build in."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path

from koji_adjutant.buildroot.files.removal import remove_tree

logger = logging.getLogger("koji_adjutant.buildroot")

OVERLAY_COST = 0.03
"""The part of a build's time that an overlay costs: whatever is executed or opened is opened twice."""
BYTES_A_SECOND = 400e6
"""How fast a root is copied, small files included, where the disk does not have to be waited for."""
MARGIN = 1.5
"""By how much a copy must be expected to save more than it takes."""
ROOM = 4
"""How many times the copy's size must be free."""


def is_worth_copying(size: int, seconds: float, free: int) -> bool:
    """Return whether a copy of a root of ``size`` bytes makes a step shorter that takes ``seconds``.

    ``free`` is the room, in bytes, that there is for copies. A size of 0 is one that nobody knows.
    """
    return size > 0 and seconds * OVERLAY_COST > MARGIN * size / BYTES_A_SECOND and free > ROOM * size


def copied(root: Path, copy: Path) -> bool:
    """Copy a root in which nothing runs, with owners, modes, times, attributes and links.

    The files are the copy's own: nobody else's are the same, and none can be locked or watched by others.
    Returns whether it was done; if not, nothing is left, and the worker's log says why.
    """
    # ends with this process, however that ends
    command = ["setpriv", "--pdeathsig", "KILL", "cp", "--archive", "--preserve=xattr", "--one-file-system"]
    try:
        subprocess.run(
            [*command, "--", str(root), str(copy)], stdin=subprocess.DEVNULL, capture_output=True, check=True
        )
    except subprocess.CalledProcessError as failure:
        why = failure.stderr.decode(errors="replace").strip().partition("\n")[0]
    except OSError as failure:
        why = str(failure)
    else:
        return True
    logger.warning("The root %s cannot be copied, and stays an overlay: %s", root, why)
    remove_tree(copy)
    return False

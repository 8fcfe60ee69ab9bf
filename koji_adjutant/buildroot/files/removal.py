"""Deleting trees that packagers' code has made."""

from __future__ import annotations

import subprocess
from pathlib import Path

from koji_adjutant.buildroot.files.overlay import unmount_below


def remove_tree(directory: Path) -> None:
    """Delete a directory and all below it; what cannot be deleted stays, without a word.

    shutil.rmtree gives up with an exception on a tree that is deeper than Python's stack.
    """
    unmount_below(directory)
    command = ["rm", "-rf", "--one-file-system", "--", str(directory)]
    subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def remove_file(path: Path) -> None:
    """Remove a file of ours that may not be there, or a directory that has got its name."""
    try:
        path.unlink(missing_ok=True)
    except (IsADirectoryError, PermissionError):  # Linux says the first, POSIX the second
        remove_tree(path)

"""A child that does not outlive the worker."""

from __future__ import annotations

import ctypes
import signal

PR_SET_PDEATHSIG = 1
"""From Linux's <sys/prctl.h>."""


def die_with_parent() -> None:
    """Have the kernel send SIGTERM to this process when the worker is killed and can stop nobody any more."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")

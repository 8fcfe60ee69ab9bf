"""Another attempt, and the next mirror, for what may be over in a moment."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from koji_adjutant.buildroot.repository.download import PassingError
from koji_adjutant.errors import BuildrootError

logger = logging.getLogger("koji_adjutant.buildroot")

Result = TypeVar("Result")
Report = Callable[[str], None]
"""Takes a line for whoever looks at what happens."""

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further attempt at all mirrors."""
LONGEST_PAUSE = 60.0
"""Seconds that a server may ask for."""


def from_mirrors(
    urls: Sequence[str], get: Callable[[str], Result], report: Report = logger.warning
) -> tuple[str, Result]:
    """Return the first of ``urls`` that ``get`` succeeds with, and its result.

    After PassingError it is tried again, once all others were; after any other BuildrootError never.
    ``report`` is called for each attempt that is followed by another. Raises the BuildrootError of the last
    attempt; where every attempt was in vain, a passing trouble rather than what one mirror does not have.
    """
    left = list(urls)
    problem = BuildrootError("there is no address to take it from")
    for pause in (*PAUSES, None):
        asked_for = 0.0
        for url in (tried := list(left)):
            try:
                return url, get(url)
            except PassingError as error:
                problem, asked_for = error, max(asked_for, error.pause)
            except BuildrootError as error:
                left.remove(url)
                problem = problem if isinstance(problem, PassingError) else error
            if url != tried[-1]:
                report(f"{problem}; trying the next mirror")
        if not left or pause is None:
            break
        seconds = min(max(pause, asked_for), LONGEST_PAUSE)
        report(f"{problem}; trying again in {seconds:g} s")
        time.sleep(seconds)
    raise problem

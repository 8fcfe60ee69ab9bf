"""A task that the hub has cancelled, or given to somebody else, before the worker has heard of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import koji

logger = logging.getLogger(__name__)


@contextmanager
def stopped_if_taken_away(task_id: int) -> Iterator[None]:
    """Turn the hub's refusal to hear of this task any more into what a stopped task ends with.

    The worker looks at the hub every now and then, and stops such a task; until it does so the task learns
    of it by an ActionNotAllowed, "host 3 does not own task 17", of whatever it calls. That is nobody's
    failure, and nothing needs to be kept or reported for it. Raises SystemExit.
    """
    try:
        yield
    except koji.ActionNotAllowed as refusal:
        if re.search(rf"\bdoes not own task {task_id}\b", str(refusal)):
            logger.warning("Task %d is not this worker's any more: %s", task_id, refusal)
            raise SystemExit from refusal
        raise

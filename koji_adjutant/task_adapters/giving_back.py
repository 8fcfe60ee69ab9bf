"""Tasks that failed for what is not their package's fault: given back to the hub, to be done once more."""

from __future__ import annotations

import json
import logging

import koji
import requests
from koji.tasks import RefuseTask, ServerRestart

from koji_adjutant.builds.explanation import Explanation, explain
from koji_adjutant.errors import (
    AdjutantError,
    ArgumentError,
    DiskLimitExceeded,
    FailureClass,
    LockError,
    RepoContentError,
    UsageError,
    chain,
)
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.rows import HostRow

logger = logging.getLogger(__name__)

NAME = "failure.json"
"""Why a try at a task has failed, for machines; docs/reference.md describes its keys."""
SCHEMA = 1
"""Of the file: raised when a key changes its meaning or goes, not for new keys."""
TRIES = 3
"""How often a task is begun, on whatever builders, before it fails for what may pass."""

CLASSES = frozenset({FailureClass.INFRASTRUCTURE, FailureClass.DISK, FailureClass.IMAGE, FailureClass.HUB})
"""What another builder, or another try, may do better."""
LASTING = (ArgumentError, DiskLimitExceeded, LockError, RepoContentError, UsageError)
"""Errors of these classes that are the same the next time: what was asked for, or what is configured."""
PASSING = (AdjutantError, OSError, requests.RequestException, koji.ServerOffline)
"""Errors that may pass. Other faults of the hub are its decision, and whatever else there is is a bug."""


def may_pass(error: Exception) -> bool:
    """Return whether the task may end better if it is done once more."""
    lasting = any(isinstance(each, LASTING) for each in chain(error))
    return explain(error).failure in CLASSES and isinstance(error, PASSING) and not lasting


def tries_before(session: HubSession, task_id: int) -> int:
    """Return how often the task has failed before, as its ``failure.json`` on the hub says.

    There it is known to each builder, and outlives a worker. TRIES if nobody can say.
    """
    try:
        if NAME not in session.listTaskOutput(task_id):
            return 0
        return int(json.loads(session.downloadTaskOutput(task_id, NAME))["try"])
    except (ValueError, LookupError, TypeError, koji.GenericError, requests.RequestException) as problem:
        logger.warning("Task %d: nobody knows how often it was tried: %s", task_id, problem)
        return TRIES


def failure_json(why: Explanation, number: int, *, retryable: bool, given_back: bool) -> str:
    """Return what the file says of the try with this number."""
    document = {
        "schema": SCHEMA,
        "class": why.failure,
        "sentence": why.sentence,
        "step": why.step,
        "log": why.log,
        "offset": why.offset,
        "retryable": retryable,
        "try": number,
        "given_back": given_back,
    }
    return json.dumps(document, indent=2) + "\n"


def way_back(session: HubSession, task_id: int, error: Exception) -> Exception | None:
    """Return what to raise for the hub to get the task back, as koji's task manager does it; None: it fails.

    Where another builder can take it, this one refuses it for a while. Where there is none it is freed: what
    its only builder refuses nobody would do for a quarter of an hour.
    """
    why = explain(error)
    try:
        others = _other_builders(session, task_id)
    except (koji.GenericError, requests.RequestException) as problem:
        logger.warning("Task %d cannot be given back: %s", task_id, problem)
        return None
    logger.warning("Giving task %d back: %s: %s", task_id, why.failure, why.sentence)
    refused: Exception = RefuseTask(f"{why.failure}: {why.sentence}")
    freed: Exception = ServerRestart()
    return refused if others else freed


def _other_builders(session: HubSession, task_id: int) -> list[HostRow]:
    """Return the builders that are ready for a task of this channel and arch."""
    task = session.getTaskInfo(task_id, strict=True)
    return [
        host
        for host in session.listHosts(channelID=task["channel_id"], ready=True, enabled=True)
        if host["id"] != task["host_id"]
        and (task["arch"] == "noarch" or task["arch"] in host["arches"].split())
    ]

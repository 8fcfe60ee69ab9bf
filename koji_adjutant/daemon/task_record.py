"""A task's beginning and end, for the journal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import koji
from koji.tasks import BaseTaskHandler, RefuseTask, ServerExit, ServerRestart, parse_task_params

from koji_adjutant.builds.explanation import explain
from koji_adjutant.monitoring import events
from koji_adjutant.monitoring.records import Failure
from koji_adjutant.text import printable, without_credentials

SOURCES = ("src", "url", "srpm", "pkg", "spec_url", "repo_id", "srcs", "command")
"""What tasks call the parameter that says what is worked on."""
TAGS = ("build_tag", "root", "tag", "target", "build_target")
"""What tasks call the parameter that says for which tag they work."""
LENGTH = 500
"""Characters of a parameter that are kept."""


@contextmanager
def recorded(journal: events.Journal, task: BaseTaskHandler, arch: str) -> Iterator[None]:
    """Record that a task is taken when the block, its ``run``, begins, and that it ends as the block does.

    What ends it is passed on; the hub learns of it from the caller, a moment later.
    """
    given = _parameters(task.method, koji.encode_args(*task.params, **task.opts))
    journal.record(
        events.TaskTaken(
            task_id=task.id,
            method=task.method,
            arch=arch,
            tag=_first(given, TAGS),
            source=_without_place(_first(given, SOURCES)),
            pid=os.getpid(),
        )
    )
    status: events.TaskEnd = "interrupted"
    failure = None
    try:
        yield
        status = "closed"
    except (RefuseTask, ServerRestart) as back:  # the hub gets the task, perhaps after a try that failed
        status = "refused"
        failure = _failure(back.__cause__) if isinstance(back.__cause__, Exception) else None
        raise
    except ServerExit:  # what a shutdown task does: its end is its success
        status = "closed"
        raise
    except SystemExit:
        status = "canceled"
        raise
    except Exception as error:
        status, failure = "failed", _failure(error)
        raise
    finally:
        journal.record(events.TaskEnded(task_id=task.id, status=status, failure=failure))


def _failure(error: Exception) -> Failure:
    why = explain(error)
    return Failure(str(why.failure), why.sentence, why.excerpt, why.log, why.offset)


def _without_place(source: str | None) -> str | None:
    """Return an uploaded source package's name alone: where the hub keeps it says nothing."""
    return source.rpartition("/")[2] if source and source.endswith(".src.rpm") else source


def _parameters(method: str, params: Sequence[Any]) -> Mapping[str, Any]:
    """Return the parameters by name; none where koji knows no signature of the method, or it does not fit."""
    try:
        named: Mapping[str, Any] = parse_task_params(method, params)
    except (TypeError, koji.GenericError):
        return {}
    return named


def _first(given: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Return the first parameter of these that is there, as a text that can be shown."""
    for name in names:
        value = given.get(name)
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, list):
            value = " ".join(map(str, value))
        if value is not None:
            return printable(without_credentials(str(value)))[:LENGTH]
    return None

"""Containers as the journal knows them, put right by what the engine says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from koji_adjutant.monitoring.history import History
from koji_adjutant.monitoring.records import Container

STATUSES = ("created", "running", "exited", "removed")
PRESENT = STATUSES[:-1]
"""Of a container that has not been removed."""
ENGINE_WORDS = {"configured": "created", "initialized": "created", "stopped": "exited", "stopping": "running"}
"""The engine's words that are not ours, with ours for them."""
MANY = 1000
"""Containers that are there at the same time; there are never so many."""


@dataclass(frozen=True)
class LiveContainer:
    """A container of this worker as the engine reports it now."""

    container_id: str
    name: str
    task_id: str
    role: str
    status: str
    exit_code: int | None


@dataclass(frozen=True)
class Page:
    containers: list[Container]
    total: int


def page(
    history: History,
    live: Mapping[str, LiveContainer] | None,
    *,
    task_id: str | None = None,
    status: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Page:
    """Return those that are there before those that are gone, newest first."""
    front = [
        container
        for container in _present(history, live)
        if task_id in (None, container.task_id) and status in (None, container.status)
    ]
    shown = front[offset : offset + limit]
    total = len(front)
    if status in (None, "removed"):
        gone = history.containers(
            task_id=task_id,
            status="removed",
            limit=limit - len(shown),
            offset=max(0, offset - len(front)),
        )
        shown += gone
        total += history.count_containers(task_id=task_id, status="removed")
    return Page(shown, total)


def find(history: History, live: Mapping[str, LiveContainer] | None, name: str) -> Container | None:
    """Find one by id, by the beginning of an id, or by name."""
    known = history.container(name)
    if known is not None:
        return known if known.status == "removed" else _put_right(known, live)
    for container in (live or {}).values():
        if name in (container.container_id, container.name):
            return _unknown(container)
    return None


def running(history: History, live: Mapping[str, LiveContainer] | None) -> int:
    """Count the containers that run: by the engine's word, or where it did not answer, by the journal's.

    One that the journal has as removed is gone, even if the engine was asked just before.
    """
    if live is None:
        return history.count_containers(status="running")
    found = [identifier for identifier, container in live.items() if _status(container) == "running"]
    return len(found) - history.count_containers(status="removed", among=found)


def _present(history: History, live: Mapping[str, LiveContainer] | None) -> list[Container]:
    """Return what journal or engine believe to be there; the journal may be wrong about that."""
    known = [
        _put_right(container, live)
        for status in PRESENT
        for container in history.containers(status=status, limit=MANY)
    ]
    ids = {container.container_id for container in known}
    unknown = [
        _unknown(container)
        for identifier, container in (live or {}).items()
        if identifier not in ids and history.container(identifier) is None
    ]
    return sorted([*known, *unknown], key=lambda container: container.created_at or 0.0, reverse=True)


def _status(container: LiveContainer) -> str:
    return ENGINE_WORDS.get(container.status, container.status)


def _put_right(container: Container, live: Mapping[str, LiveContainer] | None) -> Container:
    if live is None:
        return container
    now = live.get(container.container_id)
    if now is None:
        return replace(container, status="removed")
    return replace(
        container,
        status=_status(now),
        exit_code=container.exit_code if container.exit_code is not None else now.exit_code,
    )


def _unknown(container: LiveContainer) -> Container:
    """Describe one that only the engine knows: the journal was lost, or could not be written."""
    return Container(
        container_id=container.container_id,
        task_id=container.task_id,
        name=container.name,
        role=container.role,
        image=None,
        image_digest=None,
        status=_status(container),
        created_at=None,
        started_at=None,
        finished_at=None,
        exit_code=container.exit_code,
        command=(),
        workdir="",
        user="",
        network="",
    )

"""Records as the API's JSON. Times are ISO 8601, UTC; sizes are bytes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from koji_adjutant.monitoring.records import CacheUse, Container, Failure, Phase, Task

Json = dict[str, Any]


def time(seconds: float | None) -> str | None:
    """None for what did not happen, or at a time that nobody knows."""
    if not seconds:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def task(record: Task) -> Json:
    return {
        "task_id": record.task_id,
        "type": record.method,
        "status": record.status,
        "arch": record.arch,
        "tag": record.tag,
        "source": record.source,
        "started_at": time(record.started_at),
        "finished_at": time(record.finished_at),
        "container_id": record.container_id,
        "log_path": record.log_path,
        "progress": asdict(record.progress),
        "failure": failure(record.failure) if record.failure else None,
        "image": record.image,
        "image_digest": record.image_digest,
        "resources": asdict(record.resources),
        "bytes_uploaded": record.bytes_uploaded,
    }


def failure(record: Failure) -> Json:
    return {
        "class": record.failure_class,
        "message": record.message,
        "excerpt": list(record.excerpt),
        "log": record.log,
        "offset": record.offset,
    }


def phase(record: Phase) -> Json:
    return {
        "name": record.name,
        "depth": record.depth,
        "started_at": time(record.started_at),
        "finished_at": time(record.finished_at),
        "ok": record.ok,
    }


def cache_use(record: CacheUse) -> Json:
    return {"kind": record.kind, "key": record.key, "hit": record.hit, "at": time(record.at)}


def container(record: Container) -> Json:
    return {
        "container_id": record.container_id,
        "name": record.name,
        "task_id": record.task_id,
        "role": record.role,
        "image": record.image,
        "image_digest": record.image_digest,
        "status": record.status,
        "created_at": time(record.created_at),
        "started_at": time(record.started_at),
        "finished_at": time(record.finished_at),
    }


def container_detail(record: Container) -> Json:
    return container(record) | {
        "spec": {
            "command": list(record.command),
            "workdir": record.workdir,
            "user": record.user,
            "network": record.network,
        },
        "mounts": list(record.mounts),
        "resource_limits": {
            "memory_bytes": record.memory_limit,
            "cpus": record.cpu_limit,
            "pids": record.pids_limit,
        },
        "exit_code": record.exit_code,
    }

"""A growing log as server-sent events.

Events: ``log`` with what a LogFormatter makes of the bytes (the event's id is the offset where the next one
begins), ``restart`` when the log was begun anew, ``end`` with the task's ``{"status"}``.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol

import anyio
from anyio import to_thread
from starlette.requests import Request

from koji_adjutant.monitoring import log_files
from koji_adjutant.monitoring.records import Task

LOOK = 0.25
"""Seconds between two looks at the file."""
TASK_LOOK = 1.0
"""Seconds between two looks at the journal: whether the task still runs."""
SIGN_OF_LIFE = 15.0
"""Seconds of silence after which a comment is sent, so that a dead connection is noticed."""


class LogFormatter(Protocol):
    """Makes events of a log's bytes; None: nothing complete yet."""

    def begin(self, offset: int) -> None: ...

    def feed(self, piece: bytes) -> Any | None: ...

    def finish(self) -> Any | None:
        """Return what ``feed`` held back."""
        ...


class TextFormatter:
    """``{"offset", "text"}``, the offset of the text's first byte; what is not UTF-8 comes as ``\\xNN``."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, offset: int) -> None:
        self._offset = offset
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def feed(self, piece: bytes) -> Any | None:
        text = self._decoder.decode(piece)
        first, self._offset = self._offset, self._offset + len(piece)
        return {"offset": first, "text": text} if text else None

    def finish(self) -> Any | None:
        text = self._decoder.decode(b"", final=True)
        return {"offset": self._offset, "text": text} if text else None


class Follower:
    """One reader of one log. ``task`` reads the task's present record; None when it is forgotten.

    ``name`` chooses the log once the task has any. ``tail``: begin with so many last lines. ``stopping``:
    whether the server is about to end.
    """

    def __init__(
        self,
        task: Callable[[], Task | None],
        name: Callable[[Path], str | None],
        tail: int | None = None,
        formatter: LogFormatter | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._task = task
        self._name = name
        self._tail = tail
        self._formatter = formatter or TextFormatter()
        self._stopping = stopping
        self._descriptor: int | None = None
        self._inode = 0
        self._offset = 0

    async def events(self, resume_at: int | None = None) -> AsyncIterator[str]:
        """Yield events until the task has ended and all of the log was sent."""
        looked_at = said_at = time.monotonic()
        task = await to_thread.run_sync(self._task)
        try:
            while True:
                running = task is not None and task.running
                directory = Path(task.log_path) if task and task.log_path else None
                for event in await to_thread.run_sync(self._restarted, directory, resume_at):
                    yield event
                while piece := await to_thread.run_sync(self._read):
                    if (data := self._formatter.feed(piece)) is not None:
                        said_at = time.monotonic()
                        yield _event("log", data, self._offset)
                if not running:
                    break
                if self._stopping():
                    return
                if time.monotonic() > said_at + SIGN_OF_LIFE:
                    said_at = time.monotonic()
                    yield ": still there\n\n"
                await anyio.sleep(LOOK)
                if time.monotonic() > looked_at + TASK_LOOK:
                    looked_at = time.monotonic()
                    task = await to_thread.run_sync(self._task)
            if (data := self._formatter.finish()) is not None:
                yield _event("log", data, self._offset)
            yield _event("end", {"status": task.status if task else None})
        finally:
            self._close()

    def _restarted(self, directory: Path | None, resume_at: int | None) -> list[str]:
        """Open the log when it appears; begin anew with one that was written anew."""
        name = self._name(directory) if directory else None
        if directory is None or name is None:
            return []
        if self._descriptor is None:
            self._open(directory, name)
            if self._descriptor is None:
                return []
            self._offset = self._first_offset(self._descriptor, resume_at)
            self._formatter.begin(self._offset)
            return []
        if log_files.size(self._descriptor) < self._offset or self._is_another(directory / name):
            self._close()
            self._open(directory, name)
            self._offset = 0
            self._formatter.begin(0)
            return [_event("restart", {})]
        return []

    def _is_another(self, path: Path) -> bool:
        """Return whether the name now means a file that somebody began to write anew.

        When a task ends its logs are copied to where they are kept: that is the same log.
        """
        try:
            now = path.lstat()
        except FileNotFoundError:
            return False
        return now.st_ino != self._inode and now.st_size < self._offset

    def _first_offset(self, descriptor: int, resume_at: int | None) -> int:
        if resume_at is not None and resume_at <= log_files.size(descriptor):
            return resume_at
        return 0 if self._tail is None else log_files.start_of_tail(descriptor, self._tail)

    def _read(self) -> bytes:
        """Return what has been written since, a piece of it at most."""
        if self._descriptor is None:
            return b""
        piece = os.pread(self._descriptor, log_files.PIECE, self._offset)
        self._offset += len(piece)
        return piece

    def _open(self, directory: Path, name: str) -> None:
        self._descriptor = log_files.open_log(directory, name)
        if self._descriptor is not None:
            self._inode = os.fstat(self._descriptor).st_ino

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def resume_at(request: Request) -> int | None:
    """Return where a client that lost its connection left off."""
    last = request.headers.get("last-event-id", "")
    return int(last) if re.fullmatch(r"[0-9]{1,18}", last) else None


def _event(kind: str, data: object, identifier: int | None = None) -> str:
    """Write an event: JSON has no line breaks of its own, whatever a log has in it."""
    number = "" if identifier is None else f"id: {identifier}\n"
    return f"event: {kind}\n{number}data: {json.dumps(data)}\n\n"

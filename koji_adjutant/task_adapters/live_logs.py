"""Uploading logs while they grow, so that ``koji watch-logs`` has something to show."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from koji.daemon import incremental_upload

logger = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two looks at the logs, as in kojid."""

GIVE_UP = 2.0
"""Seconds that a stopped task waits for an upload that is under way."""

WHOLE_FILES = ("koji.repo", "macros.koji", "buildroot-init.sh")
"""Not logs that grow, but uploaded beside them: each time they have changed."""


@dataclass
class _Log:
    file: BinaryIO
    inode: int
    stamps: BinaryIO | None
    """The log's timestamps: written at the end, uploaded from where the last upload ended."""


class LiveLogs:
    """The logs of one directory, on their way to a task's directory on the hub.

    A thread uploads what every ``*.log`` has grown by; it shares the task's session, so while ``following``
    the task itself must not call the hub except within ``paused``. With ``timestamps`` (kojid's
    log_timestamps; the directory to keep them in) each log also gets ``<name>-ts.log`` with lines
    "<unix time> <offset>". ``names`` are the files uploaded so far.
    """

    def __init__(
        self, session: Any, upload_path: str, directory: Path, timestamps: Path | None = None
    ) -> None:
        self.names: list[str] = []
        self._session = session
        self._upload_path = upload_path
        self._directory = directory
        self._timestamps = timestamps
        self._logs: dict[Path, _Log] = {}
        self._whole: dict[str, tuple[int, int]] = {}
        self._turn = threading.Lock()
        self._stop = threading.Event()

    @contextmanager
    def following(self) -> Iterator[None]:
        """Upload until the block ends; then the rest, also when it failed, but not when it was stopped."""
        failure: list[Exception] = []
        self._stop.clear()
        thread = threading.Thread(target=self._follow, args=(failure,), name="live-logs", daemon=True)
        thread.start()
        try:
            yield
        except Exception:
            self._end(thread)
            if not failure:
                self._flush_after_failure()
            raise
        except BaseException:  # the task is being stopped: the hub takes nothing any more
            self._stop.set()
            thread.join(GIVE_UP)
            raise
        self._end(thread)
        if failure:
            raise failure[0]
        self.flush()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The session belongs to the caller for the block, while logs are being followed."""
        with self._turn:
            yield

    def flush(self) -> None:
        """Upload what has not been uploaded, of the logs and of the files that are uploaded whole."""
        with self._turn:
            self._sync()
            for name in WHOLE_FILES:
                self._upload_whole(self._directory / name)

    def close(self) -> None:
        for log in self._logs.values():
            log.file.close()
            if log.stamps:
                log.stamps.close()
        self._logs.clear()

    def _end(self, thread: threading.Thread) -> None:
        self._stop.set()
        thread.join()

    def _flush_after_failure(self) -> None:
        """The task's own error is what counts: one that comes on top of it is only logged."""
        try:
            self.flush()
        except Exception:
            logger.exception("The logs of a failed step could not be uploaded")

    def _follow(self, failure: list[Exception]) -> None:
        try:
            while not self._stop.wait(INTERVAL):
                with self._turn:
                    self._sync()
        except Exception as problem:  # noqa: BLE001  (raised in the task's thread)
            failure.append(problem)

    def _sync(self) -> None:
        for path in sorted(self._directory.glob("*.log")):
            log = self._logs.get(path) or self._open(path)
            if path.stat().st_ino != log.inode or path.stat().st_size < log.file.tell():
                log.file.close()  # rewritten: from the start
                log = self._open(path)
            before = log.file.tell()
            self._upload(path.name, log.file)
            if log.stamps and log.file.tell() > before:
                with Path(log.stamps.name).open("a") as stamps:
                    stamps.write(f"{time.time():.0f} {log.file.tell()}\n")
                self._upload(Path(log.stamps.name).name, log.stamps)

    def _open(self, path: Path) -> _Log:
        stamps = self._logs[path].stamps if path in self._logs else self._open_stamps(path)
        file = path.open("rb")
        self._logs[path] = _Log(file, os.fstat(file.fileno()).st_ino, stamps)
        return self._logs[path]

    def _open_stamps(self, path: Path) -> BinaryIO | None:
        if self._timestamps is None:
            return None
        stamps = self._timestamps / f"{path.name}-ts.log"
        stamps.write_text(f"{time.time():.0f} 0\n")
        return stamps.open("rb")

    def _upload(self, name: str, file: BinaryIO) -> None:
        before = file.tell()
        incremental_upload(self._session, name, file, self._upload_path, logger=logger)
        if file.tell() > before and name not in self.names:
            self.names.append(name)

    def _upload_whole(self, path: Path) -> None:
        if not path.is_file():
            return
        state = (path.stat().st_mtime_ns, path.stat().st_size)
        if self._whole.get(path.name) != state:
            self._session.uploadWrapper(str(path), self._upload_path)
            self._whole[path.name] = state
            if path.name not in self.names:
                self.names.append(path.name)

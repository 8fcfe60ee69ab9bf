"""Uploading logs while they grow, so that ``koji watch-logs`` has something to show."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import koji

from koji_adjutant.hub.interface import Uploads
from koji_adjutant.task_adapters.growing_file import HICCUPS, GrowingFile, upload_whole

logger = logging.getLogger(__name__)

INTERVAL = 0.7
"""Seconds between two looks at the logs: with the upload, a line is on the hub within a second."""

GIVE_UP = 2.0
"""Seconds that a stopped task waits for an upload that is under way."""

WHOLE_FILES = (
    "koji.repo",
    "macros.koji",
    "buildroot-init.sh",
    "buildroot.json",
    "adjutant_lock.json",
    "buildroot_lock.json",
    "provenance.json",
    "provenance.intoto.json",
    "sbom.spdx.json",
    "source-provenance.json",
    "source-provenance.intoto.json",
    "resources.json",
    "failure.json",
)
"""Not logs that grow, but uploaded beside them: each time they have changed."""


class LiveLogs:
    """The logs of one directory, on their way to a task's directory on the hub.

    A thread uploads what every ``*.log`` has grown by; it shares the task's session, so while ``following``
    the task itself must not call the hub except within ``paused``. With ``timestamps`` (kojid's
    log_timestamps; the directory to keep them in) each log also gets ``<name>-ts.log`` with lines
    "<unix time> <offset>". ``names`` are the files uploaded so far; ``uploaded`` is called with every
    upload's bytes.

    A hub that cannot be reached for a while is tried again at the next look; only when a block has ended,
    and the rest still does not get through, that is an error. A hub that refuses ends the task.
    """

    def __init__(
        self,
        session: Uploads,
        upload_path: str,
        directory: Path,
        timestamps: Path | None = None,
        *,
        uploaded: Callable[[int], object] = lambda _size: None,
    ) -> None:
        self.names: list[str] = []
        self._session = session
        self._upload_path = upload_path
        self._directory = directory
        self._timestamps = timestamps
        self._uploaded = uploaded
        self._files: dict[Path, GrowingFile] = {}
        self._whole: dict[str, tuple[int, int]] = {}
        self._turn = threading.Lock()
        self._stop = threading.Event()

    @contextmanager
    def following(self, *, goes_on: bool = False) -> Iterator[None]:
        """Upload until the block ends; then the rest, also when it failed, but not when it was stopped.

        If it ``goes_on`` with another block, the rest is left to that one: a build of a second has each file
        uploaded once.
        """
        failure: list[Exception] = []
        self._stop.clear()
        thread = threading.Thread(target=self._follow, args=(failure,), name="live-logs", daemon=True)
        thread.start()
        try:
            yield
        except Exception as error:
            self._end(thread)
            if not failure:
                self.flush_after_failure()
            elif isinstance(failure[0], koji.ActionNotAllowed):
                raise failure[0] from error
            raise
        except BaseException:  # the task is being stopped: the hub takes nothing any more
            self._stop.set()
            thread.join(GIVE_UP)
            raise
        self._end(thread)
        if failure:
            raise failure[0]
        if not goes_on:
            self.flush()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the session to the caller for the block, while logs are being followed."""
        with self._turn:
            yield

    def flush(self) -> None:
        """Upload what has not been uploaded, of the logs and of the files that are uploaded whole."""
        with self._turn:
            self._sync()
            for name in WHOLE_FILES:
                self._upload_whole(self._directory / name)

    def flush_after_failure(self) -> None:
        """Upload the rest; an error that comes on top of the task's own is only logged.

        But not that the hub wants nothing of this task any more, whose own error then interests nobody.
        """
        try:
            self.flush()
        except koji.ActionNotAllowed:
            raise
        except Exception:
            logger.exception("The logs of a failed step could not be uploaded")

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _end(self, thread: threading.Thread) -> None:
        self._stop.set()
        thread.join()

    def _follow(self, failure: list[Exception]) -> None:
        try:
            while not self._stop.wait(INTERVAL):
                with self._turn:
                    self._try_to_sync()
        except Exception as problem:  # noqa: BLE001  (raised in the task's thread)
            failure.append(problem)

    def _try_to_sync(self) -> None:
        try:
            self._sync()
        except HICCUPS as problem:
            logger.warning("Logs could not be uploaded, and will be: %s", problem)

    def _sync(self) -> None:
        for path in sorted(self._directory.glob("*.log")):
            new = self._upload(path)
            if new and self._timestamps:
                stamps = self._timestamps / f"{path.name}-ts.log"
                self._stamp(stamps, self._files[path].sent)
                self._upload(stamps)

    def _stamp(self, stamps: Path, offset: int) -> None:
        """Write when the log had grown how far; the first line is of when it began."""
        with stamps.open("a" if stamps in self._files else "w") as file:
            if file.tell() == 0:
                file.write(f"{time.time():.0f} 0\n")
            file.write(f"{time.time():.0f} {offset}\n")

    def _upload(self, path: Path) -> int:
        if path not in self._files:
            self._files[path] = GrowingFile(self._session, path, self._upload_path)
        new = self._files[path].upload()
        if new:
            self._done(path.name, new)
        return new

    def _upload_whole(self, path: Path) -> None:
        if not path.is_file():
            return
        state = (path.stat().st_mtime_ns, path.stat().st_size)
        if self._whole.get(path.name) != state:
            upload_whole(self._session, path, self._upload_path)
            self._whole[path.name] = state
            self._done(path.name, path.stat().st_size)

    def _done(self, name: str, size: int) -> None:
        if name not in self.names:
            self.names.append(name)
        self._uploaded(size)

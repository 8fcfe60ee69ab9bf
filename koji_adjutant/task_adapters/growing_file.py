"""A file that grows, on its way to the hub: every byte once, whatever happens on the way."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from contextlib import closing
from pathlib import Path

import koji
import koji.util
import requests

from koji_adjutant.errors import HubError
from koji_adjutant.hub.interface import Uploads

logger = logging.getLogger(__name__)

CHUNK = 1 << 20
"""Bytes of one upload."""
TRIES = 6
"""How often a chunk is sent that does not arrive as it left."""

HICCUPS = (requests.exceptions.RequestException, koji.RetryError, koji.LockError)
"""What passes: no connection, an answer that got lost on its way, an earlier try that still writes."""


def upload_whole(session: Uploads, path: Path, directory: str) -> None:
    """Upload a file that is done: a small one in one request, for which koji's library takes two.

    The hub's answer to a chunk has its checksum; the library then asks for the size of the whole, which says
    nothing more where it is one chunk. Raises one of HICCUPS, or the hub's refusal.
    """
    if path.stat().st_size > CHUNK or not session.opts.get("use_fast_upload"):
        session.uploadWrapper(str(path), directory)
        return
    with closing(GrowingFile(session, path, directory)) as file:
        file.upload_all()


class GrowingFile:
    """``sent`` bytes of the file at ``path`` are on the hub, as ``name`` in ``directory``.

    A chunk is sent with its place in the file, where the hub cuts its own file off first: one whose answer
    was lost is sent again and nothing is doubled. ``sent`` moves only when the hub has confirmed a chunk.
    """

    def __init__(self, session: Uploads, path: Path, directory: str) -> None:
        self.path = path
        self.name = path.name
        self.sent = 0
        self._session = session
        self._directory = directory
        self._file = path.open("rb")
        self._inode = os.fstat(self._file.fileno()).st_ino

    def close(self) -> None:
        self._file.close()

    def upload_all(self) -> None:
        """Send the file as it is now, also if there is nothing in it. Raises what ``upload`` raises."""
        if not self.upload():
            self._send(b"")

    def upload(self) -> int:
        """Send what is new. Returns how many bytes that was; raises one of HICCUPS, or the hub's refusal.

        Only what is there now: another log waits for its turn.
        """
        self._notice_rewriting()
        before, size = self.sent, os.fstat(self._file.fileno()).st_size
        while self.sent < size:
            chunk = os.pread(self._file.fileno(), min(CHUNK, size - self.sent), self.sent)
            if not chunk:
                break
            self._send(chunk)
            self.sent += len(chunk)
        return max(0, self.sent - before)

    def _notice_rewriting(self) -> None:
        """Begin anew with a file that was made anew, or became shorter."""
        now = self.path.stat()
        if now.st_ino != self._inode or now.st_size < self.sent:
            self._file.close()
            self._file = self.path.open("rb")
            self._inode = os.fstat(self._file.fileno()).st_ino
            self.sent = 0

    def _send(self, chunk: bytes) -> None:
        send = self._raw if self._session.opts.get("use_fast_upload") else self._encoded
        for _ in range(TRIES):
            try:
                if send(chunk):
                    return
            except koji.RetryError:  # the session cannot repeat a call, but a new call may say the same
                logger.info("Sending %s again, from byte %d", self.name, self.sent)
        raise HubError(f"The hub did not get {self.name} as it was sent, from byte {self.sent}.")

    def _raw(self, chunk: bytes) -> bool:
        answer = self._session.rawUpload(chunk, self.sent, self._directory, self.name, overwrite=True)
        digest: str = koji.util.adler32_constructor(chunk).hexdigest()
        return bool(answer["hexdigest"] == digest)

    def _encoded(self, chunk: bytes) -> bool:
        digest = ("sha256", hashlib.sha256(chunk).hexdigest())
        data = base64.b64encode(chunk).decode()
        return bool(self._session.uploadFile(self._directory, self.name, len(chunk), digest, self.sent, data))

"""Answers that took a while to find: small JSON documents by key."""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from koji_adjutant.buildroot.files.removal import remove_file

LIFETIME = 90 * 86400
"""Seconds since its last use after which an answer is forgotten."""


class AnswerCache:
    """A directory of answers. What a key is made of decides the answer, so an answer never grows stale.

    Each is one file, put there by a rename: a line with the answer's checksum, and the answer. One that is
    not what was put there counts as absent. Losing one, or the directory, costs time and nothing else.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, key: str) -> Any:
        """Return the answer, which is a use of it; None if there is none."""
        path = self._path(key)
        try:
            checksum, _, text = path.read_text().partition("\n")
            if checksum != _checksum(key, text):
                return None
            os.utime(path)
            return json.loads(text)
        except (OSError, ValueError):
            return None

    def put(self, key: str, answer: Any) -> None:
        """Keep an answer, whatever there was before under this key."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, text = self._path(key), json.dumps(answer)
        staging = self._path(f"{key}.{uuid.uuid4().hex}")
        staging.write_text(f"{_checksum(key, text)}\n{text}")
        if path.is_dir():
            remove_file(path)
        staging.rename(path)

    def prune(self) -> None:
        """Delete answers that nobody has asked for in LIFETIME."""
        for path in self._directory.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > LIFETIME:
                    remove_file(path)

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}.json"


def _checksum(key: str, text: str) -> str:
    return hashlib.sha256(f"{key}\n{text}".encode()).hexdigest()

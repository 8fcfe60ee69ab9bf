"""Answers that took a while to find: small JSON documents by key."""

from __future__ import annotations

import json
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

LIFETIME = 90 * 86400
"""Seconds since its last use after which an answer is forgotten."""


class AnswerCache:
    """A directory of answers. What a key is made of decides the answer, so an answer never grows stale.

    Each is one file, put there by a rename. Losing one, or the directory, costs time and nothing else.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, key: str) -> Any:
        """Return the answer, which is a use of it; None if there is none."""
        path = self._path(key)
        try:
            answer = json.loads(path.read_text())
            os.utime(path)
        except (FileNotFoundError, ValueError):  # or a machine that died left half of one
            return None
        return answer

    def put(self, key: str, answer: Any) -> None:
        """Keep an answer, whatever there was before under this key."""
        staging = self._path(f"{key}.{uuid.uuid4().hex}")
        staging.write_text(json.dumps(answer))
        staging.rename(self._path(key))

    def prune(self) -> None:
        """Delete answers that nobody has asked for in LIFETIME."""
        for path in self._directory.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > LIFETIME:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}.json"

"""A web server that holds an answer, as a slow mirror does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.support.holding import Holds, Once
from tests.support.http_server import serving


class HoldingFiles:
    """``url`` is where the files of the directory are served, without a slash at the end."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = ""
        self.holds: Holds[str] = Holds()

    def hold(self, ending: str) -> Once[str]:
        """Hold the next request for a file whose path ends like this."""
        held = Once[str](lambda path: path.endswith(ending))
        self.holds.add(held)
        return held


@contextmanager
def holding_files(directory: Path) -> Iterator[HoldingFiles]:
    """Serve a directory's files."""
    files = HoldingFiles(directory)
    with serving(partial(_Handler, files)) as url:
        files.url = url
        try:
            yield files
        finally:
            files.holds.open()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, files: HoldingFiles, *arguments: Any) -> None:
        self._holds = files.holds
        super().__init__(*arguments, directory=str(files.directory))

    def do_GET(self) -> None:
        if held := self._holds.take(self.path):
            held.wait()
        with suppress(ConnectionError):  # whoever asked may have been killed
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

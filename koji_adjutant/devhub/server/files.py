"""Serving topdir at /kojifiles: files, and lists of what is in a directory.

Links are followed as long as they stay inside topdir: the hub leaves links where it has moved files from,
and repos have ``toplink``.
"""

from __future__ import annotations

import html
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response


class FileTree:
    """An endpoint that serves a directory."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def serve(self, request: Request) -> Response:
        """Answer a GET or HEAD; what is outside or not there is 404."""
        relative: str = request.path_params.get("path", "")
        try:
            target = (self._root / relative.lstrip("/")).resolve()
        except (OSError, ValueError, RuntimeError):  # name too long, NUL byte, loop of links
            return PlainTextResponse("Not Found\n", status_code=404)
        if not target.is_relative_to(self._root):
            return PlainTextResponse("Not Found\n", status_code=404)
        if target.is_file():
            return FileResponse(target, media_type=_media_type(target))
        if not target.is_dir():
            return PlainTextResponse("Not Found\n", status_code=404)
        if not request.url.path.endswith("/"):
            return RedirectResponse(request.url.path + "/", status_code=301)
        return HTMLResponse(_listing(target, relative))


def _media_type(path: Path) -> str:
    known = {".log": "text/plain", ".txt": "text/plain", ".xml": "text/xml", ".json": "application/json"}
    return known.get(path.suffix, "application/octet-stream")


def _listing(directory: Path, shown: str) -> str:
    names = sorted(path.name + ("/" if path.is_dir() else "") for path in directory.iterdir())
    items = "".join(
        f'<li><a href="{quote(name)}">{html.escape(name)}</a></li>\n' for name in names if name[0] != "."
    )
    title = html.escape("/" + shown)
    return f"<!DOCTYPE html>\n<title>{title}</title>\n<h1>{title}</h1>\n<ul>\n{items}</ul>\n"

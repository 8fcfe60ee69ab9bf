"""A web server with git repositories and the objects that they keep with Git LFS (its batch API)."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.http_server import ProtectedFiles, QuietFiles, serving

BATCH = "/info/lfs/objects/batch"
OBJECTS = "/objects-of-lfs/"


def pointer(content: bytes) -> str:
    """Return what git has in the place of a file with this content."""
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"


@contextmanager
def serving_lfs(
    directory: Path, objects: tuple[bytes, ...], handler: type[QuietFiles] = QuietFiles
) -> Iterator[str]:
    """Serve the repositories of a directory, and these objects for each; the value is the server's URL."""
    by_digest = {hashlib.sha256(content).hexdigest(): content for content in objects}

    class Handler(handler):  # type: ignore[valid-type,misc]
        def do_GET(self) -> None:  # noqa: N802 - the standard library's name
            if not self.path.startswith(OBJECTS):
                super().do_GET()
                return
            self._send(by_digest[self.path.removeprefix(OBJECTS)], "application/octet-stream")

        def do_POST(self) -> None:  # noqa: N802 - the standard library's name
            assert self.path.endswith(BATCH), self.path
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if isinstance(self, ProtectedFiles) and not self.is_allowed():
                return
            answers = [self._answer(each) for each in asked["objects"]]
            body = json.dumps({"transfer": "basic", "objects": answers}).encode()
            self._send(body, "application/vnd.git-lfs+json")

        def _answer(self, wanted: Mapping[str, object]) -> dict[str, object]:
            if wanted["oid"] not in by_digest:
                return {**wanted, "error": {"code": 404, "message": "this server has no such object"}}
            here = f"http://{self.headers['Host']}{OBJECTS}{wanted['oid']}"
            return {**wanted, "actions": {"download": {"href": here}}}

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(functools.partial(Handler, directory=str(directory))) as url:
        yield url

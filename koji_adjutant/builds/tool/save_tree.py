"""Pack a kept buildroot: the stock plugin's archive, and for a full one a container image as well.

Reads /work/request.json: prefix (of the names in the archive), filters (shell patterns of names, with the
prefix, to leave out), full, archive (file name), image (file name, or null), config (of the image), limit
(bytes of content). /kept is the kept root, see buildroot/failed.py. Writes the files to /work. The tree is a
packager's: nothing in it is followed. Exit status: 0, or 3 if there is more than the limit.
"""

from __future__ import annotations

import copy
import fnmatch
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

WORK, KEPT = Path("/work"), Path("/kept")
TOO_MUCH = 3


class TooMuchError(Exception):
    """The files are more than the limit."""


class Hashing:
    """A file that is only written, and known by its checksum in the end."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._sum = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._sum.update(data)
        self.size += len(data)
        self._file.write(data)
        return len(data)

    def flush(self) -> None:
        self._file.flush()

    @property
    def digest(self) -> str:
        return f"sha256:{self._sum.hexdigest()}"


class Member:
    """One file of the tree: how tar sees it, named from the root without a slash, and how to read it."""

    def __init__(self, info: tarfile.TarInfo, content: IO[bytes] | None) -> None:
        self.info = info
        self.content = content

    def write(self, archive: tarfile.TarFile, prefix: str = "") -> None:
        """Add the file to an archive, with ``prefix`` before its name."""
        info = copy.copy(self.info)
        info.name = prefix + info.name
        if info.islnk():
            info.linkname = prefix + info.linkname
        if self.content is not None:
            self.content.seek(0)
        archive.addfile(info, self.content)


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    try:
        pack(request)
    except TooMuchError:
        return TOO_MUCH
    return 0


def pack(request: dict[str, Any]) -> None:
    """Write what the request asks for. Raises TooMuchError."""
    prefix, filters = request["prefix"] + "/", request["filters"]
    left = request["limit"]
    with ExitStack() as stack:
        archive = stack.enter_context(
            tarfile.open(WORK / request["archive"], "w:gz", format=tarfile.PAX_FORMAT, compresslevel=6)
        )
        layer = stack.enter_context(ImageLayer(WORK / "layer")) if request["image"] else None
        dropped: set[str] = set()
        for member in members(full=request["full"]):
            name = member.info.name
            parent = name.rpartition("/")[0]
            if parent in dropped or any(fnmatch.fnmatch(prefix + name, pattern) for pattern in filters):
                dropped.add(name)
                continue
            left -= member.info.size
            if left < 0:
                raise TooMuchError
            member.write(archive, prefix)
            if layer:
                member.write(layer.archive)
    if layer:
        write_image(WORK / request["image"], layer, request["config"])
        layer.path.unlink()


def members(*, full: bool) -> Iterator[Member]:
    """Yield the files of the kept root, parents before what is in them.

    Without ``full`` only those in /builddir.
    """
    if full:
        yield from root_members()
    yield from builddir_members()


def root_members() -> Iterator[Member]:
    """Yield what is outside of /builddir, from the tar file that has it."""
    with tarfile.open(KEPT / "root.tar", "r:") as root:
        for info in root:
            name = info.name.removeprefix("./")
            if name in ("", ".", "builddir") or name.startswith("builddir/"):
                continue
            content = root.extractfile(info) if info.isreg() else None
            # what tar keeps as sparse is written whole
            headers = {
                key: value for key, value in info.pax_headers.items() if key.startswith("SCHILY.xattr.")
            }
            plain = copy.copy(info)
            plain.name = name
            plain.pax_headers = headers
            plain.linkname = info.linkname.removeprefix("./") if info.islnk() else info.linkname
            if info.isreg():
                plain.type = tarfile.REGTYPE
            yield Member(plain, content)


def builddir_members() -> Iterator[Member]:
    """Yield what is in /builddir; what is too deep for the kernel's paths is left out.

    Not with os.walk, which gives up on deep trees.
    """
    describe = tarfile.TarFile(fileobj=io.BytesIO(), mode="w", format=tarfile.PAX_FORMAT)
    pending = [KEPT / "builddir"]
    while pending:
        path = pending.pop()
        name = str(path.relative_to(KEPT))
        try:
            info = describe.gettarinfo(path, name)
            if info is None:  # a socket
                continue
            info.uname = info.gname = ""
            if info.isdir():
                pending += sorted(path.iterdir(), reverse=True)
            if info.isreg():
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                with os.fdopen(descriptor, "rb") as content:
                    yield Member(info, content)
            else:
                yield Member(info, None)
        except OSError as problem:
            sys.stdout.write(f"left out: {problem}\n")


class ImageLayer:
    """The image's file system, compressed, with the checksums that an image is made of."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> ImageLayer:
        self._file = self.path.open("wb")
        self.compressed = Hashing(self._file)
        compressed: Any = self.compressed
        self._gzip = gzip.GzipFile(fileobj=compressed, mode="wb", compresslevel=6, mtime=0)
        self.plain = Hashing(self._gzip)
        plain: Any = self.plain
        self.archive = tarfile.open(fileobj=plain, mode="w|", format=tarfile.PAX_FORMAT)
        return self

    def __exit__(self, *_: object) -> None:
        self.archive.close()
        self._gzip.close()
        self._file.close()


def write_image(path: Path, layer: ImageLayer, config: dict[str, Any]) -> None:
    """Write an OCI image layout in one archive, which ``podman load`` takes."""
    name = config.pop("name")
    document = {
        **config,
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [layer.plain.digest]},
    }
    blobs: dict[str, bytes] = {}

    def blob(kind: str, content: Any) -> dict[str, Any]:
        data = json.dumps(content, sort_keys=True).encode()
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {
            "mediaType": f"application/vnd.oci.image.{kind}.v1+json",
            "digest": f"sha256:{digest}",
            "size": len(data),
        }

    manifest = blob(
        "manifest",
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": blob("config", document),
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": layer.compressed.digest,
                    "size": layer.compressed.size,
                }
            ],
        },
    )
    manifest["annotations"] = {"org.opencontainers.image.ref.name": name}
    with tarfile.open(path, "w") as image:
        for file, data in (
            ("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
            ("index.json", json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode()),
            *((f"blobs/sha256/{digest}", data) for digest, data in blobs.items()),
        ):
            info = tarfile.TarInfo(file)
            info.size = len(data)
            image.addfile(info, io.BytesIO(data))
        image.add(layer.path, f"blobs/sha256/{layer.compressed.digest.removeprefix('sha256:')}")


if __name__ == "__main__":
    sys.exit(main())

"""What is in a repository's compressed file: whole, and no more than fits."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import tempfile
import zlib
from typing import IO, cast

from koji_adjutant.errors import BuildrootError

LIMIT = 512 << 20
"""Bytes: many times what a repository of a whole distribution has in any file that is read here."""

_ZSTD = b"\x28\xb5\x2f\xfd"
_READERS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))
_UNZSTD = (
    "import createrepo_c, sys; createrepo_c.decompress_file(sys.argv[1], '/dev/stdout', createrepo_c.ZSTD)"
)
_REPEATED_BYTE = 1
"""A kind of zstd's blocks."""


def decompress(data: bytes, limit: int = LIMIT) -> bytes:
    """Return the content of a gzip, bzip2, xz or zstd file; data of other kinds comes back as it is.

    Raises BuildrootError if the file is damaged, or its content is longer than ``limit``.
    """
    if data.startswith(_ZSTD):
        content = _unzstd(data, limit + 1)
    else:
        content = data
        for magic, reader in _READERS:
            if data.startswith(magic):
                try:
                    with cast("IO[bytes]", reader(io.BytesIO(data))) as file:
                        content = file.read(limit + 1)
                except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
                    raise BuildrootError(f"a compressed file of a repository is damaged: {error}") from error
    if len(content) > limit:
        raise BuildrootError(f"a compressed file of a repository has more than {limit >> 20} MiB in it")
    return content


def _unzstd(data: bytes, most: int) -> bytes:
    """Decompress with createrepo_c in a process of its own, and return ``most`` bytes at most.

    Its library reads to the end, however far that is, and takes half a file for a whole one. Python itself
    knows zstd from 3.14 on.
    """
    if not _is_whole_zstd(data):
        raise BuildrootError("a compressed file of a repository is damaged: it ends early")
    with tempfile.NamedTemporaryFile(prefix="adjutant-", suffix=".zst") as file:
        file.write(data)
        file.flush()
        command = [sys.executable, "-c", _UNZSTD, file.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            content = cast("IO[bytes]", process.stdout).read(most)
            if len(content) == most:
                process.kill()
            elif process.wait() != 0:
                raise BuildrootError("a compressed file of a repository is damaged: it is no zstd file")
    return content


def _is_whole_zstd(data: bytes) -> bool:
    """Return whether the last block of the last frame is there to its end (RFC 8878, section 3.1)."""
    place = 0
    try:
        while place < len(data):
            place = _end_of_frame(data, place)
    except IndexError:
        return False
    return place == len(data)


def _end_of_frame(data: bytes, place: int) -> int:
    if not data.startswith(_ZSTD, place):  # one to be skipped, with its length
        return place + 8 + int.from_bytes(data[place + 4 : place + 8], "little")
    descriptor = data[place + 4]
    is_single = descriptor >> 5 & 1
    place += 5 + (1 - is_single) + (0, 1, 2, 4)[descriptor & 3] + (is_single, 2, 4, 8)[descriptor >> 6]
    is_last = False
    while not is_last:
        header = data[place] | data[place + 1] << 8 | data[place + 2] << 16
        is_last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        place += 3 + (1 if kind == _REPEATED_BYTE else size)
    has_checksum = descriptor >> 2 & 1
    return place + 4 * has_checksum

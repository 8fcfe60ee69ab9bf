"""Decompressing what somebody else has compressed."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import createrepo_c
import pytest

from koji_adjutant.buildroot.repository.compressed import decompress
from koji_adjutant.errors import BuildrootError

CONTENT = b"package-1-1.noarch\thttp://example.com/\n" * 1000

Compress = Callable[[bytes], bytes]


@pytest.fixture
def zstd(tmp_path: Path) -> Compress:
    def compress(data: bytes) -> bytes:
        plain, packed = tmp_path / "plain", tmp_path / "packed"
        plain.write_bytes(data)
        createrepo_c.compress_file(str(plain), str(packed), createrepo_c.ZSTD)
        return packed.read_bytes()

    return compress


@pytest.fixture(params=["gzip", "bzip2", "xz", "zstd"])
def compress(request: pytest.FixtureRequest, zstd: Compress) -> Compress:
    known: dict[str, Compress] = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}
    return {**known, "zstd": zstd}[request.param]


def test_all_kinds(compress: Compress) -> None:
    packed = compress(CONTENT)
    assert len(packed) < len(CONTENT)
    assert decompress(packed) == CONTENT
    assert decompress(packed, len(CONTENT)) == CONTENT


def test_what_is_not_compressed() -> None:
    assert decompress(CONTENT) == CONTENT


def test_half_a_file(compress: Compress) -> None:
    packed = compress(CONTENT)
    with pytest.raises(BuildrootError, match=r"^a compressed file of a repository is damaged: "):
        decompress(packed[: len(packed) // 2])


def test_a_bomb(compress: Compress) -> None:
    packed = compress(bytes(4 << 20))
    with pytest.raises(
        BuildrootError, match=r"^a compressed file of a repository has more than 1 MiB in it$"
    ):
        decompress(packed, 1 << 20)
    with pytest.raises(BuildrootError, match="more than 0 MiB"):
        decompress(compress(CONTENT), len(CONTENT) - 1)

"""Every byte once, whatever the hub does: an uploader against a hub that keeps files as the real one does."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import koji
import koji.util
import pytest
import requests

from koji_adjutant.errors import HubError
from koji_adjutant.hub.rows import ChunkReceipt
from koji_adjutant.task_adapters import growing_file
from koji_adjutant.task_adapters.growing_file import CHUNK, HICCUPS, GrowingFile, upload_whole


class Hub:
    """Keeps one file. ``trouble`` is called before and after a chunk is written, and may raise."""

    def __init__(self, *, fast: bool = True) -> None:
        self.opts: dict[str, Any] = {"use_fast_upload": fast}
        self.data = b""
        self.requests = 0
        self.by_the_library: bytes | None = None
        self.trouble: Callable[[str], None] = lambda _when: None

    def _write(self, chunk: bytes, offset: int) -> None:
        self.requests += 1
        self.trouble("before")
        self.data = self.data[:offset].ljust(offset, b"\0") + chunk
        self.trouble("after")

    def rawUpload(self, chunk: bytes, offset: int, path: str, name: str, overwrite: bool) -> ChunkReceipt:  # noqa: N802
        assert (path, name, overwrite) == ("tasks/1", "build.log", True)
        self._write(chunk, offset)
        return {"hexdigest": koji.util.adler32_constructor(chunk).hexdigest()}

    def uploadFile(  # noqa: N802
        self, path: str, name: str, size: int, md5sum: tuple[str, str], offset: int, data: str
    ) -> bool:
        chunk = base64.b64decode(data)
        assert (path, name, size) == ("tasks/1", "build.log", len(chunk))
        assert md5sum == ("sha256", hashlib.sha256(chunk).hexdigest())
        self._write(chunk, offset)
        return True

    def uploadWrapper(self, localfile: str, path: str, name: str | None = None, **_: Any) -> None:  # noqa: ARG002, N802
        self.by_the_library = Path(localfile).read_bytes()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "build.log"
    path.touch()
    return path


@pytest.mark.parametrize("fast", [True, False])
def test_it_grows_on_the_hub(log: Path, fast: bool) -> None:
    hub = Hub(fast=fast)
    file = GrowingFile(hub, log, "tasks/1")
    with log.open("ab", buffering=0) as out:
        for piece in (b"one\n", b"", b"\xff\0two", b"x" * 3_000_000):
            out.write(piece)
            assert file.upload() == len(piece)
            assert hub.data == log.read_bytes()
    file.close()


@pytest.mark.parametrize("seed", range(30))
def test_no_byte_is_lost_or_doubled(log: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hiccups before and after the hub wrote a chunk, while the log goes on to grow."""
    chance = random.Random(seed)  # noqa: S311 - repeatable trouble
    monkeypatch.setattr(growing_file, "CHUNK", 100)
    hub = Hub()

    def trouble(_when: str) -> None:
        if chance.random() < 0.2:
            raise chance.choice(
                [
                    requests.exceptions.ConnectionError("reset"),
                    koji.RetryError("seen"),
                    koji.LockError("busy"),
                ]
            )

    file = GrowingFile(hub, log, "tasks/1")
    hub.trouble = trouble
    with log.open("ab", buffering=0) as out:
        for _ in range(50):
            out.write(chance.randbytes(chance.randrange(300)))
            with suppress(*HICCUPS):
                file.upload()
    hub.trouble = lambda _when: None
    file.upload()
    assert hub.data == log.read_bytes()
    file.close()


def test_a_chunk_that_arrives_broken_is_sent_again(log: Path) -> None:
    hub = Hub()
    whole, broken = hub.rawUpload, iter([True, True])
    other: ChunkReceipt = {"hexdigest": "0"}
    hub.rawUpload = lambda *args, **options: (  # type: ignore[method-assign]
        other if next(broken, False) else whole(*args, **options)
    )
    log.write_text("line\n")
    file = GrowingFile(hub, log, "tasks/1")
    assert file.upload() == 5
    assert hub.data == b"line\n"
    hub.rawUpload = lambda *_, **__: other  # type: ignore[method-assign]
    with log.open("a") as out:
        out.write("more\n")
    with pytest.raises(HubError, match=r"did not get build\.log as it was sent, from byte 5"):
        file.upload()
    file.close()


def test_a_log_that_begins_anew(log: Path) -> None:
    hub = Hub()
    log.write_text("a first, long try\n")
    file = GrowingFile(hub, log, "tasks/1")
    file.upload()
    log.write_text("second\n")
    file.upload()
    assert hub.data == b"second\n"
    new = log.with_name("new")
    new.write_text("another file, longer than that\n")
    new.rename(log)
    file.upload()
    assert hub.data == log.read_bytes()
    file.close()


@pytest.mark.parametrize("content", [b"", b"a small file\n", b"x" * CHUNK])
def test_a_small_file_is_one_request(log: Path, content: bytes) -> None:
    hub = Hub()
    hub.data = b"what an earlier try has left there, and is longer"
    log.write_bytes(content)
    upload_whole(hub, log, "tasks/1")
    assert (hub.data, hub.requests, hub.by_the_library) == (content, 1, None)


def test_a_small_file_that_does_not_arrive_is_sent_again(log: Path) -> None:
    hub = Hub()
    answers = iter(["spoilt", "as sent"])
    log.write_bytes(b"results")

    def spoil(when: str) -> None:
        if when == "before" and next(answers) == "spoilt":
            raise koji.RetryError("the answer was lost")

    hub.trouble = spoil
    upload_whole(hub, log, "tasks/1")
    assert (hub.data, hub.requests) == (b"results", 2)


@pytest.mark.parametrize("fast", [True, False])
def test_whatever_else_is_left_to_the_library(log: Path, fast: bool) -> None:
    hub = Hub(fast=fast)
    log.write_bytes(b"x" * (CHUNK + 1 if fast else 1))
    upload_whole(hub, log, "tasks/1")
    assert (hub.by_the_library, hub.requests) == (log.read_bytes(), 0)

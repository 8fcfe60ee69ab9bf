"""A task's logs over HTTP: bytes as they are, the last lines, and following one that grows."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from koji_adjutant.monitoring import events, log_files
from koji_adjutant.monitoring.journal import FileJournal
from tests.unit.monitoring.test_journal import taken

LOGS = "/api/v1/tasks/7/logs"


@pytest.fixture
def logs(tmp_path: Path, journal: FileJournal) -> Path:
    """The directory of a running task's logs."""
    directory = tmp_path / "result"
    directory.mkdir()
    journal.record(taken(7))
    journal.record(events.TaskLogsKept(task_id=7, path=str(directory)))
    return directory


def end(journal: FileJournal) -> None:
    journal.record(events.TaskEnded(task_id=7, status="closed"))


def get(url: str, **options: Any) -> requests.Response:
    return requests.get(url, timeout=60, **options)


def test_bytes_are_sent_as_they_are(url: str, logs: Path) -> None:
    content = bytes(range(256)) * 1000
    (logs / "build.log").write_bytes(content)
    answer = get(url + LOGS)
    assert answer.content == content
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "tail", "expected"),
    [
        (b"a\nb\nc\n", 2, b"b\nc\n"),
        (b"a\nb\nc", 2, b"b\nc"),
        (b"a\nb\n", 5, b"a\nb\n"),
        (b"a\nb\n", 0, b""),
        (b"", 3, b""),
        (b"\n\n\n", 2, b"\n\n"),
        (b"x" * 70_000 + b"\n" + b"y" * 70_000 + b"\n", 1, b"y" * 70_000 + b"\n"),
        (b"first\n" + b"line\n" * 50_000, 49_999, b"line\n" * 49_999),
    ],
)
def test_the_last_lines(url: str, logs: Path, content: bytes, tail: int, expected: bytes) -> None:
    (logs / "root.log").write_bytes(content)
    assert get(f"{url}{LOGS}?tail={tail}&name=root.log").content == expected


def test_the_most_telling_log_comes_without_asking(url: str, logs: Path) -> None:
    for name in ("state.log", "root.log", "build.log", "hw_info.log"):
        (logs / name).write_text(name)
    assert get(url + LOGS).text == "build.log"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("name=none.log", 404, "no_such_log"),
        ("name=hello.rpm", 400, "bad_parameter"),
        ("name=../result/build.log", 400, "bad_parameter"),
        ("name=%2Fetc%2Fpasswd", 400, "bad_parameter"),
        ("name=link.log", 404, "no_such_log"),
        ("name=pipe.log", 404, "no_such_log"),
        ("name=directory.log", 404, "no_such_log"),
        ("tail=many", 400, "bad_parameter"),
        ("follow=maybe", 400, "bad_parameter"),
    ],
)
def test_what_is_no_log(url: str, logs: Path, query: str, status: int, code: str) -> None:
    (logs / "build.log").write_text("line\n")
    (logs / "hello.rpm").write_text("a result")
    (logs / "link.log").symlink_to("/etc/passwd")
    os.mkfifo(logs / "pipe.log")
    (logs / "directory.log").mkdir()
    answer = get(f"{url}{LOGS}?{query}")
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_a_task_that_left_no_log(url: str, journal: FileJournal) -> None:
    journal.record(taken(8, method="build"))
    assert get(f"{url}/api/v1/tasks/8/logs").json()["error_code"] == "no_such_log"
    assert get(f"{url}/api/v1/tasks/9/logs").json()["error_code"] == "task_not_found"


def test_a_huge_log_needs_no_more_memory(url: str, logs: Path) -> None:
    """A quarter of a gigabyte, of which most is a hole that costs no disk."""
    with (logs / "build.log").open("wb") as log:
        log.truncate(1 << 28)
        log.seek(0, os.SEEK_END)
        log.write(b"\nlast line\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with get(url + LOGS, stream=True) as answer:
        received = sum(len(piece) for piece in answer.iter_content(1 << 20))
    assert received == (1 << 28) + 11
    assert get(f"{url}{LOGS}?tail=1").content == b"last line\n"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


class Events:
    """Server-sent events as a browser reads them."""

    def __init__(self, answer: requests.Response) -> None:
        assert answer.headers["content-type"].startswith("text/event-stream")
        self._lines = answer.iter_lines(chunk_size=None)
        self.last_id = ""

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        kind, data = "message", None
        for line in self._lines:
            name, _, value = line.decode().partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                self.last_id = value
            elif name == "data":
                data = json.loads(value)
            elif not line and data is not None:
                yield kind, data
                kind, data = "message", None


def test_following(url: str, logs: Path, journal: FileJournal) -> None:
    with get(f"{url}{LOGS}?follow=true&name=build.log", stream=True) as answer:
        events_ = iter(Events(answer))
        with (logs / "build.log").open("ab", buffering=0) as log:  # it was not there yet
            log.write(b"one\n")
            assert next(events_) == ("log", {"offset": 0, "text": "one\n"})
            log.write(b"two \xff\r\n\n")
            assert next(events_) == ("log", {"offset": 4, "text": "two \\xff\r\n\n"})
            log.write(b"the end")
            end(journal)
        rest = list(events_)
    assert "".join(data["text"] for kind, data in rest if kind == "log") == "the end"
    assert rest[-1] == ("end", {"status": "closed"})


def test_following_begins_with_the_last_lines(url: str, logs: Path, journal: FileJournal) -> None:
    (logs / "build.log").write_text("a\nb\nc\n")
    end(journal)
    with get(f"{url}{LOGS}?follow=true&tail=1", stream=True) as answer:
        assert list(Events(answer)) == [("log", {"offset": 4, "text": "c\n"}), ("end", {"status": "closed"})]


def test_a_lost_connection_is_taken_up_where_it_was(url: str, logs: Path, journal: FileJournal) -> None:
    (logs / "build.log").write_text("a\nb\nc\n")
    with get(f"{url}{LOGS}?follow=true", stream=True) as answer:
        found = Events(answer)
        assert next(iter(found)) == ("log", {"offset": 0, "text": "a\nb\nc\n"})
    (logs / "build.log").write_text("a\nb\nc\nd\n")
    end(journal)
    headers = {"Last-Event-ID": found.last_id}
    with get(f"{url}{LOGS}?follow=true", stream=True, headers=headers) as answer:
        assert next(iter(Events(answer))) == ("log", {"offset": 6, "text": "d\n"})


def test_a_log_that_begins_anew(url: str, logs: Path, journal: FileJournal) -> None:
    log = logs / "state.log"
    log.write_text("a first, long try\n")
    with get(f"{url}{LOGS}?follow=true", stream=True) as answer:
        events_ = iter(Events(answer))
        assert next(events_)[1]["text"] == "a first, long try\n"
        log.write_text("second\n")
        assert next(events_) == ("restart", {})
        assert next(events_) == ("log", {"offset": 0, "text": "second\n"})
        end(journal)
        assert list(events_)[-1] == ("end", {"status": "closed"})


def test_logs_that_are_moved_at_the_end_are_still_followed(
    url: str, logs: Path, journal: FileJournal, tmp_path: Path
) -> None:
    (logs / "build.log").write_text("one\n")
    with get(f"{url}{LOGS}?follow=true&name=build.log", stream=True) as answer:
        events_ = iter(Events(answer))
        next(events_)
        with (logs / "build.log").open("a") as log:
            log.write("two\n")
        kept = tmp_path / "kept"
        logs.rename(kept)
        journal.record(events.TaskLogsKept(task_id=7, path=str(kept)))
        end(journal)
        rest = list(events_)
    assert "".join(data["text"] for kind, data in rest if kind == "log") == "two\n"


def test_text_in_several_pieces_stays_whole(url: str, logs: Path, journal: FileJournal) -> None:
    content = ("é" * log_files.PIECE).encode()[1:]  # so that a piece's end is in the middle of a character
    (logs / "build.log").write_bytes(content)
    end(journal)
    with get(f"{url}{LOGS}?follow=true", stream=True) as answer:
        text = "".join(data["text"] for kind, data in Events(answer) if kind == "log")
    assert text == "\\xa9" + "é" * (log_files.PIECE - 1)


def test_a_window_has_whole_lines(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_bytes(b"".join(b"line %03d\n" % number for number in range(100)))
    descriptor = log_files.open_log(tmp_path, "build.log")
    assert descriptor is not None
    start, data = log_files.window(descriptor, 454, before=20, after=20)
    assert (start, data) == (441, b"line 049\nline 050\nline 051\n")
    assert log_files.window(descriptor, 0, before=20, after=9) == (0, b"line 000\n")
    assert log_files.window(descriptor, 900, before=9, after=100) == (900, b"")
    os.close(descriptor)

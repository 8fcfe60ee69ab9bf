from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import koji
import koji.util
import pytest
import requests

from koji_adjutant.hub.rows import ChunkReceipt
from koji_adjutant.task_adapters import live_logs
from koji_adjutant.task_adapters.live_logs import LiveLogs

LONG = 600


class Hub:
    """Keeps what is uploaded; ``failure`` is raised by the next upload."""

    def __init__(self) -> None:
        self.opts: dict[str, Any] = {"use_fast_upload": True}
        self.files: dict[str, bytes] = {}
        self.failure: Exception | None = None
        self.uploaded = threading.Event()
        self.refused = threading.Event()

    def rawUpload(self, chunk: bytes, offset: int, path: str, name: str, overwrite: bool) -> ChunkReceipt:  # noqa: N802
        assert overwrite
        if self.failure:
            self.refused.set()
            raise self.failure
        self.files[f"{path}/{name}"] = self.files.get(f"{path}/{name}", b"")[:offset] + chunk
        self.uploaded.set()
        return {"hexdigest": koji.util.adler32_constructor(chunk).hexdigest()}

    def uploadWrapper(self, localfile: str, path: str, name: str | None = None, **_: Any) -> None:  # noqa: N802
        self.files[f"{path}/{name or Path(localfile).name}"] = Path(localfile).read_bytes()

    def uploadFile(self, *_: Any) -> bool:  # noqa: N802
        raise NotImplementedError


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def logs(hub: Hub, tmp_path: Path) -> Iterator[LiveLogs]:
    live = LiveLogs(hub, "tasks/1/1", tmp_path)
    yield live
    live.close()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is uploaded before a block's end, however long that takes."""
    monkeypatch.setattr(live_logs, "INTERVAL", LONG)


@pytest.fixture
def _eager(_patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_logs, "INTERVAL", 0.001)


@pytest.mark.usefixtures("_eager")
def test_a_log_is_seen_while_it_grows(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    with logs.following():
        with (tmp_path / "build.log").open("ab", buffering=0) as log:
            log.write(b"one\n")
            assert hub.uploaded.wait(LONG)
            hub.uploaded.clear()
            log.write(b"two\n")
            assert hub.uploaded.wait(LONG)
        assert hub.files["tasks/1/1/build.log"] == b"one\ntwo\n"


def test_in_the_end_everything_is_there(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    with logs.following():
        (tmp_path / "root.log").write_bytes(b"\xff not text \0\n")
        (tmp_path / "koji.repo").write_text("[build]\n")
        (tmp_path / "hello.rpm").write_text("no log")
    assert hub.files == {
        "tasks/1/1/root.log": b"\xff not text \0\n",
        "tasks/1/1/koji.repo": b"[build]\n",
    }
    assert logs.names == ["root.log", "koji.repo"]
    with logs.following():
        (tmp_path / "koji.repo").write_text("[build]\nchanged\n")
    assert hub.files["tasks/1/1/koji.repo"] == b"[build]\nchanged\n"
    assert logs.names == ["root.log", "koji.repo"]


def test_what_goes_on_is_left_to_the_next_block(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    with logs.following(goes_on=True):
        (tmp_path / "root.log").write_text("one\n")
    assert hub.files == {}
    with logs.following(), (tmp_path / "root.log").open("a") as log:
        log.write("two\n")
    assert hub.files == {"tasks/1/1/root.log": b"one\ntwo\n"}


def test_a_failure_before_it_goes_on_is_uploaded(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    with pytest.raises(koji.BuildError), logs.following(goes_on=True):
        fail(tmp_path / "root.log", "nothing provides it\n", koji.BuildError())
    assert hub.files == {"tasks/1/1/root.log": b"nothing provides it\n"}


def test_an_empty_log_is_no_result(logs: LiveLogs, tmp_path: Path) -> None:
    with logs.following():
        (tmp_path / "root.log").touch()
    assert logs.names == []


def test_a_rewritten_log_is_uploaded_anew(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    log = tmp_path / "state.log"
    log.write_text("a long first try\n")
    logs.flush()
    log.write_text("second\n")
    logs.flush()
    assert hub.files["tasks/1/1/state.log"] == b"second\n"


def fail(log: Path, line: str, error: BaseException) -> None:
    log.write_text(line)
    raise error


def test_the_tail_of_a_failed_step_is_uploaded(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    with pytest.raises(koji.BuildError), logs.following():
        fail(tmp_path / "build.log", "error: no such file\n", koji.BuildError())
    assert hub.files["tasks/1/1/build.log"] == b"error: no such file\n"


def test_a_stopped_task_uploads_nothing_more(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    with pytest.raises(SystemExit), logs.following():
        fail(tmp_path / "build.log", "half a line", SystemExit())
    assert hub.files == {}


@pytest.mark.usefixtures("_eager")
def test_a_hub_that_refuses_ends_the_task(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    hub.failure = koji.ActionNotAllowed("task 1 is canceled")
    with pytest.raises(koji.ActionNotAllowed), logs.following():
        (tmp_path / "build.log").write_text("line\n")


def test_the_step_s_own_failure_counts_more_than_the_hub_s(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    hub.failure = koji.GenericError("hub is down")
    with pytest.raises(koji.BuildError), logs.following():
        fail(tmp_path / "build.log", "line\n", koji.BuildError())


@pytest.mark.parametrize("interval", [0.001, LONG], ids=["while it runs", "in its end"])
def test_of_a_task_that_was_taken_away_only_that_counts(
    hub: Hub, logs: LiveLogs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interval: float
) -> None:
    monkeypatch.setattr(live_logs, "INTERVAL", interval)
    hub.failure = koji.ActionNotAllowed("host 1 does not own task 1")

    def step() -> None:
        (tmp_path / "build.log").write_text("line\n")
        if interval < LONG:
            assert hub.refused.wait(LONG)
        raise koji.BuildError("gcc said no")

    with pytest.raises(koji.ActionNotAllowed), logs.following():
        step()


def test_timestamps(hub: Hub, tmp_path: Path) -> None:
    results, stamps = tmp_path / "result", tmp_path / "stamps"
    results.mkdir()
    stamps.mkdir()
    logs = LiveLogs(hub, "tasks/1/1", results, stamps)
    (results / "build.log").write_text("one\n")
    logs.flush()
    with (results / "build.log").open("a") as log:
        log.write("two\n")
    logs.flush()
    logs.close()
    lines = hub.files["tasks/1/1/build.log-ts.log"].decode().splitlines()
    assert [line.split()[1] for line in lines] == ["0", "4", "8"]
    assert logs.names == ["build.log", "build.log-ts.log"]


@pytest.mark.usefixtures("_eager")
def test_a_hub_that_is_away_for_a_while_loses_nothing(hub: Hub, tmp_path: Path) -> None:
    sizes: list[int] = []
    logs = LiveLogs(hub, "tasks/1/1", tmp_path, uploaded=sizes.append)
    with logs.following(), (tmp_path / "build.log").open("ab", buffering=0) as log:
        log.write(b"one\n")
        assert hub.uploaded.wait(LONG)
        hub.failure = requests.exceptions.ConnectionError("away")
        log.write(b"two\n")
        assert hub.refused.wait(LONG)
        hub.uploaded.clear()
        hub.failure = None
        assert hub.uploaded.wait(LONG)
        log.write(b"three\n")
    logs.close()
    assert hub.files["tasks/1/1/build.log"] == b"one\ntwo\nthree\n"
    assert sum(sizes) == 14


def test_a_hub_that_stays_away_ends_the_task(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    hub.failure = requests.exceptions.ConnectionError("away")
    with pytest.raises(requests.exceptions.ConnectionError), logs.following():
        (tmp_path / "build.log").write_text("line\n")


@pytest.mark.usefixtures("_eager")
def test_the_session_can_be_borrowed(hub: Hub, logs: LiveLogs, tmp_path: Path) -> None:
    with logs.following():
        with logs.paused():
            (tmp_path / "build.log").write_text("line\n")
            before = dict(hub.files)
        assert before == {}
        assert hub.uploaded.wait(LONG)

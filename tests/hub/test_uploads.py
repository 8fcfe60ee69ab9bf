"""rawUpload and checkUpload: files go below work/, in chunks, only to a task that the host is doing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import koji
import pytest
from koji.xmlrpcplus import Fault

from tests.hub.builder import Builder, upload_file
from tests.hub.faults import ANY_ERROR, refused
from tests.hub.names import unique
from tests.hub.server import Hub
from tests.hub.wire import RawSession

GENERIC = koji.GenericError.faultCode
NOT_ALLOWED = koji.ActionNotAllowed.faultCode


def upload(builder: Builder, task: int, data: bytes, **query: str | int) -> Any:
    """One chunk, as ``koji.ClientSession`` sends it."""
    defaults: dict[str, str | int] = {
        "filename": "f",
        "filepath": filepath(task),
        "fileverify": "adler32",
        "offset": 0,
    }
    return builder.raw().upload(data, **(defaults | query))


def filepath(task: int) -> str:
    return str(koji.pathinfo.taskrelpath(task))


@pytest.fixture
def task(builder: Builder) -> int:
    return builder.open_task()


def test_a_chunk(builder: Builder, task: int) -> None:
    assert upload(builder, task, b"abc") == {
        "size": 3,
        "fileverify": "adler32",
        "offset": 0,
        "hexdigest": "024d0127",
    }


def test_the_first_chunk_again_without_overwrite(builder: Builder, task: int) -> None:
    upload(builder, task, b"abc")
    with refused(GENERIC, r"upload path exists: /.*/work/tasks/\d+/\d+/f$"):
        upload(builder, task, b"abc")


def test_chunks_follow_one_another(builder: Builder, task: int) -> None:
    upload(builder, task, b"abc")
    assert upload(builder, task, b"def", offset=3)["offset"] == 3
    assert builder.session.checkUpload(filepath(task), "f")["size"] == 6


def test_a_chunk_may_be_repeated(builder: Builder, task: int) -> None:
    upload(builder, task, b"abc")
    upload(builder, task, b"def", offset=3)
    assert upload(builder, task, b"def", offset=3)["size"] == 3


def test_a_chunk_must_reach_the_end_of_the_file(builder: Builder, task: int) -> None:
    upload(builder, task, b"abcdef")
    with refused(GENERIC, "Incorrect upload length for .* - Expected 3, actual 6"):
        upload(builder, task, b"x", offset=2)


def test_overwrite_truncates(builder: Builder, task: int) -> None:
    upload(builder, task, b"abcdef")
    upload(builder, task, b"x", offset=2, overwrite=1)
    assert builder.session.checkUpload(filepath(task), "f")["size"] == 3


def test_append(builder: Builder, task: int) -> None:
    upload(builder, task, b"abc")
    assert upload(builder, task, b"def", offset=-1)["offset"] == 3


def test_check_upload(builder: Builder, task: int) -> None:
    upload(builder, task, b"abc")
    info = builder.session.checkUpload(filepath(task), "f", verify="sha256")
    assert (info["size"], info["sumlength"]) == (3, 3)
    assert info["hexdigest"] == hashlib.sha256(b"abc").hexdigest()
    assert isinstance(info["mtime"], float)


def test_check_upload_of_the_tail(builder: Builder, task: int) -> None:
    upload(builder, task, b"abcdef")
    info = builder.session.checkUpload(filepath(task), "f", verify="md5", tail=2)
    assert (info["sumlength"], info["hexdigest"]) == (2, hashlib.md5(b"ef").hexdigest())  # noqa: S324


def test_check_upload_of_nothing(builder: Builder, task: int) -> None:
    assert builder.session.checkUpload(filepath(task), "never") is None


def test_upload_wrapper_checks_the_whole_file(builder: Builder, task: int) -> None:
    path = builder.upload(task, "big", b"0123456789" * 300_000)
    assert builder.session.checkUpload(filepath(task), "big")["size"] == 3_000_000
    assert path == f"{filepath(task)}/big"


def test_the_check_sum_kind_is_mandatory(builder: Builder, task: int) -> None:
    with refused(ANY_ERROR):
        upload(builder, task, b"abc", fileverify="")


@pytest.mark.parametrize("name", [".g", "../g", "a/b"])
def test_bad_file_names(builder: Builder, task: int, name: str) -> None:
    with refused(GENERIC, "Invalid upload filename"):
        upload(builder, task, b"abc", filename=name)


def test_bad_directory(builder: Builder) -> None:
    with refused(GENERIC, "Invalid upload directory: tasks/../../elsewhere"):
        upload(builder, 0, b"abc", filepath="tasks/../../elsewhere")


def test_a_task_that_does_not_exist(builder: Builder) -> None:
    with refused(GENERIC, "No such task: 999999999"):
        upload(builder, 999_999_999, b"abc")


def test_a_task_that_is_not_open(builder: Builder) -> None:
    with refused(NOT_ALLOWED, r"host \d+ does not own task \d+"):
        upload(builder, builder.assigned_task(), b"abc")


def test_a_task_of_another_host(builder: Builder, other_builder: Builder) -> None:
    with refused(NOT_ALLOWED, r"host \d+ does not own task \d+"):
        upload(builder, other_builder.open_task(), b"abc")


def test_a_canceled_task(builder: Builder, admin: Any, task: int) -> None:
    admin.cancelTask(task)
    with refused(NOT_ALLOWED, r"host \d+ does not own task \d+"):
        upload(builder, task, b"abc")


def test_a_user_uploads_to_cli_build(user: Any, tmp_path: Path) -> None:
    """What ``koji build FILE.src.rpm`` does first."""
    file = tmp_path / "some.src.rpm"
    file.write_bytes(b"abc")
    directory = f"cli-build/{unique('upload')}"
    upload_file(user, file, directory)
    assert user.checkUpload(directory, "some.src.rpm")["size"] == 3


def test_uploading_needs_a_login(hub: Hub) -> None:
    with pytest.raises(Fault) as caught:
        RawSession(hub.url).upload(b"abc", filename="f", filepath="cli-build/x", fileverify="adler32")
    # which one depends on the hub's DisableURLSessions
    assert caught.value.faultCode in {koji.AuthError.faultCode, NOT_ALLOWED}

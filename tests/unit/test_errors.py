"""Messages that carry what packagers wrote, and errors that nobody of us has raised."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path

import koji
import pytest
from koji import xmlrpcplus

from koji_adjutant.errors import (
    MESSAGE_MAX,
    BuildrootError,
    DependencyError,
    DiskFull,
    FailureClass,
    SpecError,
    full_disk_said,
    passwords_kept_out,
)


def test_every_message_can_be_sent_to_the_hub() -> None:
    error = SpecError("spec file a\x00\x1b[2J\udcff\x85é.spec cannot be read\nat all")
    fault = xmlrpcplus.dumps(xmlrpcplus.Fault(error.faultCode, str(error)))
    call = xmlrpcplus.dumps((7, fault), "host.failTask")
    (_task, sent), _method = xmlrpcplus.loads(call.encode())
    assert sent == fault
    assert str(error) == "spec file a\\x00\\x1b[2J\\udcff\\x85é.spec cannot be read\nat all"


def test_no_message_is_endless() -> None:
    assert len(str(DependencyError("nothing provides " + "x, " * 10**6))) == MESSAGE_MAX


def test_a_full_disk_is_a_sentence() -> None:
    words = r"^a disk of this machine is full, and .*: free space"
    with pytest.raises(DiskFull, match=words) as failure, full_disk_said():
        Path("/dev/full").write_bytes(b"x")
    assert (failure.value.failure, failure.value.faultCode) == (
        FailureClass.DISK,
        koji.GenericError.faultCode,
    )


def test_where_a_disk_is_full_is_said() -> None:
    with pytest.raises(DiskFull, match=r"is full \(at /var/x\), and"), full_disk_said():
        raise OSError(errno.EDQUOT, "Disk quota exceeded", "/var/x")


def test_a_full_disk_behind_another_error() -> None:
    def read() -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise ValueError("not written") from error

    with pytest.raises(DiskFull), full_disk_said():
        read()


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), BuildrootError("x"), KeyError()])
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as failure, full_disk_said():
        raise error
    assert failure.value is error


def test_no_password_reaches_the_hub() -> None:
    def fetch() -> None:
        try:
            raise OSError("https://me:geheim@host/ is gone")
        except OSError as error:
            raise koji.GenericError("no https://me:geheim@host/x") from error

    with pytest.raises(koji.GenericError) as failure, passwords_kept_out():
        fetch()
    assert str(failure.value) == "no https://me:***@host/x"
    shown = "".join(traceback.format_exception_only(failure.value.__cause__))
    assert shown.strip() == "OSError: https://me:***@host/ is gone"
    assert str(BuildrootError("no https://me:geheim@host/x")) == "no https://me:***@host/x"

"""Looking at sources in a buildroot: whose fault it is when that does not work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import cast

import pytest

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.builds.scm_srpm import SPEC_LIMIT, read_spec
from koji_adjutant.errors import EngineError, SpecError

SPEC = PurePosixPath("/builddir/hello/hello.spec")


class Answering:
    """A buildroot in which every command ends in the same way."""

    def __init__(self, status: int, written: bytes) -> None:
        self._answer = status, written

    def capture(self, command: Sequence[str], *, limit: int) -> tuple[int, bytes]:
        assert command[-2:] == [str(SPEC), str(SPEC_LIMIT)]
        assert limit == SPEC_LIMIT
        return self._answer


def buildroot(status: int, written: bytes) -> Buildroot:
    return cast(Buildroot, Answering(status, written))


def test_a_spec_file_that_is_none() -> None:
    with pytest.raises(SpecError, match=r"^spec file hello\.spec cannot be read$"):
        read_spec(buildroot(1, b""), SPEC)


@pytest.mark.parametrize("status", [125, 137, 255])
def test_a_command_that_was_broken_off_is_not_the_packages_fault(status: int) -> None:
    with pytest.raises(EngineError, match=f"ended with exit status {status}: Killed$"):
        read_spec(buildroot(status, b"Killed"), SPEC)

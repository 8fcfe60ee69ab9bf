"""Looking at sources, outside and in a buildroot: whose fault it is when that does not work."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.builds import scm_srpm
from koji_adjutant.builds.scm_srpm import srpm_from_directory
from koji_adjutant.builds.sources import SPEC_LIMIT, read_spec
from koji_adjutant.errors import EngineError, SourceError, SpecError
from koji_adjutant.scm.source import ScmSource, parse_url
from tests.support.trees import DEEP, LONG_NAME, bury, deep_place

__all__ = ["deep_place"]

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


@pytest.fixture
def _own_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scm_srpm, "BUILD_UID", os.getuid())
    monkeypatch.setattr(scm_srpm, "BUILD_GID", os.getgid())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[PurePosixPath]:
    """The directories, as seen in the buildroot, of which source packages would be made."""
    found: list[PurePosixPath] = []
    monkeypatch.setattr(scm_srpm, "_srpm_from_tree", lambda _root, directory, *_: found.append(directory))
    return found


def home(tmp_path: Path) -> Any:
    (tmp_path / "home").mkdir()
    return SimpleNamespace(home=tmp_path / "home", workspace=SimpleNamespace(resultdir=tmp_path))


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


@pytest.mark.usefixtures("_own_user")
def test_a_deep_directory_is_a_source(deep_place: Path, made: list[PurePosixPath]) -> None:
    source = deep_place / "hello"
    source.mkdir()
    bury(source)
    (source / "hello.spec").write_text("Name: hello\n")
    srpm_from_directory(home(deep_place), source)
    assert made == [PurePosixPath("/builddir/scmroot/hello")]
    copy = deep_place / "home" / "scmroot" / "hello"
    assert (copy / "hello.spec").read_text() == "Name: hello\n"
    assert copy.joinpath(*["d"] * DEEP).is_dir()


special_files = pytest.mark.parametrize(
    ("make", "kind"), [(os.mkfifo, "a named pipe"), (listen, "a socket")], ids=["pipe", "socket"]
)


@pytest.mark.usefixtures("_own_user")
@special_files
def test_a_special_file_is_left_out_of_a_directory(
    tmp_path: Path, made: list[PurePosixPath], make: Callable[[Path], None], kind: str
) -> None:
    source = tmp_path / "hello"
    (source / "b").mkdir(parents=True)
    (source / "b" / "z").touch()
    make(source / "b" / "x\ny")
    srpm_from_directory(home(tmp_path), source)
    assert made == [PurePosixPath("/builddir/scmroot/hello")]
    assert [path.name for path in (tmp_path / "home/scmroot/hello/b").iterdir()] == ["z"]
    assert (tmp_path / "build.log").read_text() == f"Warning: 'b/x\\ny' is {kind}, and left out\n"


@pytest.mark.usefixtures("_own_user")
@special_files
def test_a_special_file_in_a_checkout_is_refused(
    tmp_path: Path, make: Callable[[Path], None], kind: str
) -> None:
    """No SCM has such: a plugin must have left it."""
    (tmp_path / "b").mkdir()
    make(tmp_path / "b" / "x")
    sentence = f"b/x is {kind}: sources are files, directories and links, so remove it"
    with pytest.raises(SourceError, match=f"^{sentence}$"):
        scm_srpm._give_to_build_user(tmp_path)


@pytest.mark.usefixtures("_own_user")
def test_a_deep_checkout_is_the_build_users(deep_place: Path) -> None:
    bury(deep_place, LONG_NAME)
    scm_srpm._give_to_build_user(deep_place)


def test_a_module_that_leads_to_itself(tmp_path: Path) -> None:
    source = ScmSource.of(parse_url("git://h/hello?sub#abc"))
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "sub").symlink_to("sub")
    with pytest.raises(SourceError, match=r"a link in it leads out of the checkout$"):
        scm_srpm._source_directory(tmp_path, source)

"""Which files of a package are device nodes, and how rpm is told to leave them out."""

from __future__ import annotations

import importlib
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from koji_adjutant.buildroot.toolbox import PROGRAMS

MACROS = {"_netsharedpath": "/proc:/sys"}


def file(name: str, mode: int) -> SimpleNamespace:
    return SimpleNamespace(name=name, mode=mode)


@pytest.fixture
def device_nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The program's module, with an rpm that takes lists of files for packages."""
    rpm = ModuleType("rpm")
    rpm.files = lambda header: header  # type: ignore[attr-defined]
    macros = dict(MACROS)
    rpm.expandMacro = lambda text: macros[text.strip("%{?}")]  # type: ignore[attr-defined]
    rpm.addMacro = macros.__setitem__  # type: ignore[attr-defined]
    rpm.macros = macros  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rpm", rpm)
    monkeypatch.syspath_prepend(str(PROGRAMS))
    monkeypatch.delitem(sys.modules, "device_nodes", raising=False)
    yield importlib.import_module("device_nodes")
    sys.modules.pop("device_nodes", None)


def test_only_devices_are_device_nodes(device_nodes: Any) -> None:
    found = device_nodes.of_package(
        [
            file("/etc/passwd", stat.S_IFREG | 0o644),
            file("/dev", stat.S_IFDIR | 0o755),
            file("/run/pipe", stat.S_IFIFO | 0o644),
            file("/dev/null", stat.S_IFCHR | 0o666),
            # older rpms give modes as they are in a package, as signed numbers
            file("/var/chroot/dev/sda", (stat.S_IFBLK | 0o660) - 0x10000),
        ]
    )
    assert found == ["/dev/null", "/var/chroot/dev/sda"]


@pytest.mark.parametrize(
    "name",
    ["/dev/%(id)", "/dev/a:b", "/dev/a b", "/dev/../x", "/dev/.x", "/dev//x", "/dev/x\n", "dev/x", "/"],
)
def test_odd_names_are_left_to_rpm(device_nodes: Any, name: str) -> None:
    assert device_nodes.of_package([file(name, stat.S_IFCHR)]) == []


def test_rpm_leaves_them_out_beside_what_it_left_out_before(device_nodes: Any) -> None:
    device_nodes.leave_out([])
    assert sys.modules["rpm"].macros == MACROS
    device_nodes.leave_out(["/dev/a", "/dev/b"])
    assert sys.modules["rpm"].macros == {"_netsharedpath": "/proc:/sys:/dev/a:/dev/b"}


def test_without_nodes_there_is_nothing_to_make(device_nodes: Any, tmp_path: Path) -> None:
    device_nodes.make_directories(tmp_path / "not-there", [])

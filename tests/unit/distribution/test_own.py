"""The packages that are written here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.distribution import own, seeds
from tests.distribution.payload import Payload


@pytest.mark.parametrize(
    ("rpm_version", "by_macro"),
    [("4.18.0+dfsg", True), ("4.20.1+dfsg", False), ("6.1.0", False)],
)
def test_debug_packages_are_described_once(tmp_path: Path, rpm_version: str, by_macro: bool) -> None:
    (release,) = (one for one in own.recipes("amd64", rpm_version, "x86_64") if one.name == seeds.RELEASE)
    own.fill(release, Payload(tmp_path))
    macros = (tmp_path / "etc/rpm/macros.adjutant-demo").read_text()
    assert ("%install %{?_enable_debug_packages" in macros) == by_macro
    assert "\n%_libdir %{_prefix}/lib/x86_64-linux-gnu\n" in macros

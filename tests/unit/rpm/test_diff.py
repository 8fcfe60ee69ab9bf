from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.errors import BuildFailed
from koji_adjutant.rpm.diff import rpmdiff_hash
from koji_adjutant.rpm.header import Tag
from tests.support.rpm_headers import write_rpm

RPM = Path(__file__).parent / "hello-doc-1.0-1.noarch.rpm"
"""Made by rpmbuild 4.18: epoch, scriptlet, all dependencies; config, doc, ghost, link and directory."""


def test_the_hash_is_koji_s() -> None:
    # koji.rpmdiff.Rpmdiff(RPM, RPM, ignore="S5TN").kojihash(), koji 1.36.1 with rpm's bindings of 4.18
    assert rpmdiff_hash(RPM) == "3b7b5fd731e3a028dbbf6a904711772cd136416b31911cc122a808c0a1e03bca"


def test_a_package_that_rpm_never_made(tmp_path: Path) -> None:
    rpm = write_rpm(tmp_path / "odd-1-1.noarch.rpm", {Tag.NAME: "odd", Tag.REQUIRENAME: ["a", "b"]})
    with pytest.raises(BuildFailed, match=r"odd-1-1\.noarch\.rpm is no sound package"):
        rpmdiff_hash(rpm)

"""What Koji knows installed packages by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.installed.identities import identified
from koji_adjutant.buildroot.installed.packages import Installed, InstalledPackage
from koji_adjutant.buildroot.specification.plan import PackageFile, Plan
from koji_adjutant.errors import BuildrootError
from tests.support.rpm_headers import write_rpm

FILE = Path(__file__).parents[3] / "packages" / "hello-v6" / "hello-v6-1-1.noarch.rpm"
HELLO = InstalledPackage("hello-v6", "1", "1", None, "noarch", "", 6, 1700000000)
OLD = InstalledPackage("old", "1", "1", 2, "noarch", "0a", 6, 1)
PLAN = Plan((PackageFile(HELLO.nevra, "sha256:0", 6, "build", FILE.name),))


def listed(*packages: InstalledPackage) -> Installed:
    return Installed("/var/lib/rpm", packages)


def test_a_package_without_md5_is_known_by_its_file() -> None:
    hello, old = identified(listed(HELLO, OLD), None, PLAN, [FILE]).packages
    assert hello.payloadhash.startswith("sha3-256::c5e9f747")
    assert old == OLD


def test_what_was_installed_below_is_known_from_there() -> None:
    below = listed(replace(HELLO, payloadhash="sha256::bb"))
    (hello,) = identified(listed(HELLO), below, Plan(), []).packages
    assert hello.payloadhash == "sha256::bb"


def test_the_file_counts_where_the_same_version_was_installed_anew() -> None:
    below = listed(replace(HELLO, payloadhash="sha256::bb"))
    (hello,) = identified(listed(HELLO), below, PLAN, [FILE]).packages
    assert hello.payloadhash.startswith("sha3-256::c5e9f747")


def test_a_script_added_a_package_to_the_database() -> None:
    with pytest.raises(BuildrootError, match=r"^hello-v6-1-1\.noarch is in the rpm database, but nobody"):
        identified(listed(HELLO), listed(OLD), Plan(), [])


def test_a_package_without_any_digest(tmp_path: Path) -> None:
    file = write_rpm(tmp_path / FILE.name, {})
    with pytest.raises(BuildrootError, match=r"^hello-v6-1-1\.noarch has no digest"):
        identified(listed(HELLO), None, PLAN, [file])


def test_a_file_that_is_no_package(tmp_path: Path) -> None:
    file = tmp_path / FILE.name
    file.write_bytes(bytes(200))
    with pytest.raises(BuildrootError, match="is not a readable RPM file"):
        identified(listed(HELLO), None, PLAN, [file])

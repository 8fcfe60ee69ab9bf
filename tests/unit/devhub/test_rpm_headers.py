"""What devhub reads from the files of packages, as koji's own functions read them."""

from __future__ import annotations

from pathlib import Path

import koji
import pytest

from koji_adjutant.devhub.builds.rpm_headers import read_identity

FORMAT_6 = Path(__file__).parents[2] / "packages" / "hello-v6"


@pytest.mark.parametrize(
    ("name", "key"),
    [("hello-v6-1-1.noarch.rpm", ""), ("signed.rpm", ""), ("signed-rpmv4.rpm", "8cc5950e")],
)
def test_who_has_signed_a_package_of_format_6(name: str, key: str) -> None:
    """koji knows the tags of older signatures alone, which ``rpmsign --rpmv4`` writes as well."""
    path = FORMAT_6 / name
    identity = read_identity(path)
    assert identity.sigkey == key == (koji.get_sighdr_key(identity.signature_header) or "")
    assert identity.payloadhash == read_identity(FORMAT_6 / "hello-v6-1-1.noarch.rpm").payloadhash

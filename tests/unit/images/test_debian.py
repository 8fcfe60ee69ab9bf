"""What a tool image of each Debian has."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.images.apt_sources import KEYRINGS
from koji_adjutant.images.debian import LIBDNF5, DebianPackages

needs_keyring = pytest.mark.skipif(
    not any(Path(path).exists() for path in KEYRINGS),
    reason="only Debian hosts have the keyring of its archive",
)


@needs_keyring
@pytest.mark.parametrize(
    ("release", "name", "both_resolvers"),
    [
        ({"VERSION_ID": "12", "VERSION_CODENAME": "bookworm"}, "debian 12", False),
        ({"VERSION_ID": "13", "VERSION_CODENAME": "trixie"}, "debian 13", False),
        ({"VERSION_CODENAME": "forky"}, "debian sid", True),
        ({"VERSION_ID": "14", "VERSION_CODENAME": "forky"}, "debian 14", True),
    ],
)
def test_a_release_is_named_and_has_the_resolvers_that_there_are(
    tmp_path: Path, release: dict[str, str], name: str, both_resolvers: bool
) -> None:
    suite = "sid" if name == "debian sid" else release["VERSION_CODENAME"]
    (tmp_path / "sources.list").write_text(f"deb http://deb.debian.org/debian {suite} main\n")
    host = DebianPackages(release, tmp_path)
    assert host.distribution == name
    assert "dnf" in host.main_tools
    assert (LIBDNF5 in host.main_tools) == (LIBDNF5 in host.inputs) == both_resolvers

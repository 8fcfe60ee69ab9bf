"""Which of a host's apt sources a tool image is made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.errors import ImageError
from koji_adjutant.images.apt_sources import KEYRINGS, AptSource, debian_sources, host_suite

DEBIAN_SOURCES = f"""\
# the archive
Types: deb deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
 bookworm-backports
Components: main contrib
Signed-By: {KEYRINGS[0]}

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: https://deb.example.com/node
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/example.gpg

Enabled: no
Types: deb
URIs: http://ftp.debian.org/debian
Suites: bookworm
Components: main
"""


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_the_releases_own_suites_are_taken_and_nothing_else(apt: Path) -> None:
    (apt / "sources.list.d/debian.sources").write_text(DEBIAN_SOURCES)
    assert debian_sources(apt, "bookworm") == [
        AptSource("http://deb.debian.org/debian", "bookworm", ("main", "contrib"), KEYRINGS[0]),
        AptSource("http://deb.debian.org/debian", "bookworm-updates", ("main", "contrib"), KEYRINGS[0]),
        AptSource("http://deb.debian.org/debian-security", "bookworm-security", ("main",)),
    ]


def test_the_one_line_style_is_read_too(apt: Path) -> None:
    (apt / "sources.list").write_text(
        "# deb http://deb.debian.org/debian trixie main\n"
        "deb http://deb.debian.org/debian bookworm main # the archive\n"
        f"deb [arch=amd64 signed-by={KEYRINGS[0]}] http://mirror.example.com/debian bookworm-updates main\n"
        "deb http://mirror.example.com/debian bookworm main\n"
        "deb-src http://deb.debian.org/debian bookworm main\n"
    )
    (apt / "sources.list.d/cloud.list").write_text("deb https://packages.example.com/apt bookworm main\n")
    assert [source.line("/k.gpg") for source in debian_sources(apt, "bookworm")] == [
        "deb [signed-by=/k.gpg] http://deb.debian.org/debian bookworm main",
        "deb [signed-by=/k.gpg] http://mirror.example.com/debian bookworm-updates main",
    ]


@pytest.mark.parametrize("host", ["debian.org.example.com", "notdebian.org"])
def test_a_host_that_only_looks_like_debians_is_not(apt: Path, host: str) -> None:
    (apt / "sources.list").write_text(f"deb http://{host}/debian bookworm main\n")
    with pytest.raises(ImageError, match=r"add `deb http://deb\.debian\.org/debian bookworm main`"):
        host_suite(apt, {"VERSION_ID": "12", "VERSION_CODENAME": "bookworm"})


def _sources(apt: Path, *suites: str) -> None:
    lines = (f"deb http://deb.debian.org/debian {suite} main\n" for suite in suites)
    (apt / "sources.list").write_text("".join(lines))


def test_a_release_that_is_out_is_called_by_its_codename(apt: Path) -> None:
    _sources(apt, "sid", "trixie", "trixie-updates")
    assert host_suite(apt, {"VERSION_ID": "13", "VERSION_CODENAME": "trixie"}) == "trixie"


@pytest.mark.parametrize(
    ("suites", "suite"),
    [
        (["sid"], "sid"),
        (["unstable", "experimental"], "unstable"),
        (["testing"], "testing"),
        (["sid", "forky"], "forky"),
    ],
)
def test_before_it_is_out_it_is_what_the_sources_call_it(apt: Path, suites: list[str], suite: str) -> None:
    _sources(apt, *suites)
    assert host_suite(apt, {"VERSION_CODENAME": "forky"}) == suite

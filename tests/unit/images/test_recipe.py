"""Which builder a host gets, and running its tools."""

from __future__ import annotations

import pytest

from koji_adjutant.errors import ImageError
from koji_adjutant.images.debian import INSTALLED, _installed
from koji_adjutant.images.process import run_and_show
from koji_adjutant.images.recipe import digest, os_release


def test_os_release_is_read_with_and_without_quotes() -> None:
    text = "ID=fedora\nNAME=\"Fedora Linux\"\n# comment=1\nVERSION_ID=39\n\nPRETTY_NAME='Fedora 39'\n"
    assert os_release(text) == {
        "ID": "fedora",
        "NAME": "Fedora Linux",
        "VERSION_ID": "39",
        "PRETTY_NAME": "Fedora 39",
    }


def test_the_same_list_has_the_same_digest() -> None:
    assert digest(["a=1", "b=2"]) == digest(["a=1", "b=2"]) != digest(["a=1", "b=3"])


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("Inst rpm (4.18.0 Debian:12 [amd64])", "rpm=4.18.0"),
        ("Inst git [1:2.0] (1:2.39.5-0+deb12u3 Debian:12/stable [amd64]) []", "git=1:2.39.5-0+deb12u3"),
    ],
)
def test_apts_plan_is_understood(line: str, package: str) -> None:
    match = INSTALLED.match(line)
    assert match is not None
    assert f"{match[1]}={match[2]}" == package


def test_dpkgs_status_becomes_a_sorted_list() -> None:
    status = "Package: rpm\nStatus: install ok installed\nVersion: 4.18\n\nPackage: bash\nVersion: 5.2\n\n"
    assert _installed(status) == ["bash=5.2", "rpm=4.18"]


def test_each_line_is_shown_as_it_comes() -> None:
    lines: list[str] = []
    assert run_and_show(["sh", "-c", "echo one; echo two >&2"], lines.append) == ["one", "two"] == lines


def test_a_failure_carries_the_last_words() -> None:
    with pytest.raises(ImageError, match="failed with status 3: no space left"):
        run_and_show(["sh", "-c", "echo no space left; exit 3"], lambda _line: None)


def test_a_tool_that_is_missing_is_named() -> None:
    with pytest.raises(ImageError, match="no-such-tool is not installed"):
        run_and_show(["no-such-tool"], lambda _line: None)

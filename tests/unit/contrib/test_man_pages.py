"""The manual pages: they are the commands' own words, and a formatter reads them without complaint."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
PAGES = PROJECT / "contrib" / "man"


def test_they_are_what_the_commands_say_now(tmp_path: Path) -> None:
    """After a change to a command, `make man` writes them anew."""
    subprocess.run([sys.executable, PROJECT / "tools" / "man-pages", tmp_path], check=True)
    written = {each.name: each.read_text() for each in tmp_path.iterdir()}
    assert written == {each.name: each.read_text() for each in PAGES.iterdir()}


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed on this host")
def test_a_formatter_has_nothing_to_say_of_them() -> None:
    command = ["groff", "-k", "-man", "-Tutf8", "-ww", "-z", *map(str, sorted(PAGES.iterdir()))]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_hyphen_can_be_copied_from_them() -> None:
    """troff makes a typographer's hyphen of a plain one, which no shell reads as an option's."""
    build = (PAGES / "koji-adjutant-build.1").read_text()
    assert r"\-\-resultdir" in build
    assert "--" not in build


def test_they_and_all_else_for_operators_are_installed() -> None:
    installed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    patterns = [each for listed in installed.values() for each in listed if each.startswith("contrib/")]
    there = {path for path in (PROJECT / "contrib").rglob("*") if path.is_file()}
    assert {file for each in patterns for file in PROJECT.glob(each)} == there - {
        PROJECT / "contrib/README.md"
    }

"""The architecture's page and the contributor's: what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
SOURCE = PROJECT / "koji_adjutant"
ARCHITECTURE = (PROJECT / "docs/architecture.md").read_text()
NAMED = re.compile(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?|[a-z_]+\.py)`")


@pytest.mark.parametrize("name", sorted(set(NAMED.findall(ARCHITECTURE))))
def test_what_is_named_is_there(name: str) -> None:
    places = (SOURCE, PROJECT, SOURCE / "buildroot", SOURCE / "devhub", SOURCE / "container")
    assert any((place / name).exists() for place in places)


def test_all_folders_are_named() -> None:
    folders = {each.parent.name for each in SOURCE.glob("*/__init__.py")}
    folders |= {each.parent.name for each in SOURCE.glob("buildroot/*/__init__.py")}
    folders |= {each.parent.name for each in SOURCE.glob("devhub/*/__init__.py")}
    named = {part for name in NAMED.findall(ARCHITECTURE) for part in name.split("/")}
    assert folders <= named


def test_make_knows_the_contributors_commands() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    wanted = set(re.findall(r"make ([a-z0-9-]+)", (PROJECT / "CONTRIBUTING.md").read_text()))
    assert wanted <= targets

"""From a recipe to a spec file, and what makes two recipes different."""

from __future__ import annotations

from dataclasses import replace

from tests.distribution.debian import Version
from tests.distribution.recipe import Recipe, spec

RECIPE = Recipe(
    "hello",
    Version(1, "2.0", ""),
    "noarch",
    "100% friendly",
    requires=("b",),
    provides=("p = 1",),
    deb="x.deb",
)


def test_spec_has_all_parts_sorted_and_unexpanded() -> None:
    text = spec(RECIPE, ["perl(A)"], ["/bin/sh", "a"], ['"/usr/x"'])
    lines = text.splitlines()
    assert lines[:5] == ["Name: hello", "Epoch: 1", "Version: 2.0", "Release: 0", "Summary: 100%% friendly"]
    assert "BuildArch: noarch" in lines
    assert [line for line in lines if line.startswith("Requires:")] == [
        "Requires: /bin/sh",
        "Requires: a",
        "Requires: b",
    ]
    assert [line for line in lines if line.startswith("Provides:")] == [
        "Provides: p = 1",
        "Provides: perl(A)",
    ]
    assert "Requires(pre): filesystem" in lines
    assert lines[-1] == '"/usr/x"'


def test_filesystem_does_not_need_itself() -> None:
    assert "Requires(pre)" not in spec(replace(RECIPE, name="filesystem"), [], [], [])


def test_file_name_is_rpms() -> None:
    assert RECIPE.file_name == "hello-2.0-0.noarch.rpm"


def test_key_changes_with_the_deb_the_relations_and_the_generator() -> None:
    keys = {
        RECIPE.key("g"),
        RECIPE.key("h"),
        replace(RECIPE, deb_sha256="1").key("g"),
        replace(RECIPE, requires=("c",)).key("g"),
    }
    assert len(keys) == 4
    assert replace(RECIPE).key("g") == RECIPE.key("g")

"""A name means one thing, in the whole product."""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from pathlib import Path

import pytest

import koji_adjutant

PRODUCT = Path(koji_adjutant.__file__).parent


def test_no_two_classes_have_the_same_name() -> None:
    places = defaultdict(list)
    for file in PRODUCT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(file.relative_to(PRODUCT)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


@pytest.mark.parametrize(
    ("package", "names"),
    [
        ("container", ["ContainerManager", "ContainerSpec"]),
        ("hub", ["HubSession"]),
        ("policy", ["Choice", "PolicyLookup", "PolicyResolver"]),
    ],
)
def test_what_others_build_on_is_in_its_package(package: str, names: list[str]) -> None:
    module = importlib.import_module(f"koji_adjutant.{package}")
    assert sorted(module.__all__) == names
    assert all(hasattr(module, name) for name in names)

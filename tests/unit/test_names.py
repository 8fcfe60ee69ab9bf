"""A name means one thing, in the whole product."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import koji_adjutant

PRODUCT = Path(koji_adjutant.__file__).parent


def test_no_two_classes_have_the_same_name() -> None:
    places = defaultdict(list)
    for file in PRODUCT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(file.relative_to(PRODUCT)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}

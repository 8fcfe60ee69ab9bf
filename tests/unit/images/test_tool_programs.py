"""What runs in tool images runs with their python3: that of EL 9 is 3.9."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import koji_adjutant

OLDEST = (3, 9)
NEWER_OPTIONS = {"kw_only", "slots", "weakref_slot"}
"""Of dataclasses, since 3.10."""

PACKAGE = Path(koji_adjutant.__file__).parent
PROGRAMS = sorted(PACKAGE.glob("*/tool/*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=[str(path.relative_to(PACKAGE)) for path in PROGRAMS])
def test_it_is_written_for_the_oldest_python_of_an_image(program: Path) -> None:
    tree = ast.parse(program.read_text(), feature_version=OLDEST)
    options = {
        keyword.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dataclass"
        for keyword in node.keywords
    }
    assert not options & NEWER_OPTIONS

"""What operators and packagers get to read, as the code has it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import koji_adjutant
from koji_adjutant import errors
from koji_adjutant.errors import AdjutantError

PACKAGE = Path(koji_adjutant.__file__).parent
FOR_TRYING = ("demo", "devhub")
"""Packages that no builder runs."""
LEVELS = {"warning", "error", "exception", "critical"}
PLACEHOLDER = re.compile(r"%(?:\.\d+f|[sdr])")
FEWEST_WORDS = 2
"""Of a message; one with fewer only introduces another one's words."""


def log_messages() -> set[str]:
    """Sentences of the daemon's log from warnings up, and of its status, with … for what they are about."""
    found = {_pattern(text) for tree in _trees() for text in (*_logged(tree), *_statuses(tree))}
    return {text for text in found if len(re.findall(r"\w+", text)) >= FEWEST_WORDS}


def check_subjects() -> set[str]:
    """What lines of ``koji-adjutant check`` can be about, but for options and plugins, by their names."""
    files = (PACKAGE / "cli" / "check.py", *(PACKAGE / "cli" / "checks").glob("*.py"))
    trees = [ast.parse(file.read_text()) for file in files]
    arguments = [argument for tree in trees for argument in _subject_arguments(tree)]
    return {argument.value for argument in arguments if isinstance(argument.value, str)}


def error_classes() -> dict[str, int]:
    """Each error that is raised on purpose, and the exit code of a command that ends with it."""
    return {
        name: each.exit_code
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, AdjutantError)
    }


def _trees() -> Iterator[ast.Module]:
    for file in PACKAGE.rglob("*.py"):
        if file.relative_to(PACKAGE).parts[0] not in FOR_TRYING:
            yield ast.parse(file.read_text())


def _logged(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            target = ast.unparse(node.func.value)
            if target.endswith("logger") and node.args:
                yield _text(node.args[0])


def _statuses(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "self.status":
            value = node.value.values[-1] if isinstance(node.value, ast.BoolOp) else node.value
            yield _text(value)


def _subject_arguments(tree: ast.Module) -> Iterator[ast.Constant]:
    places = {"CheckResult": 1, "failing": 0}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in places:
            subject = node.args[places[node.func.id]]
            if isinstance(subject, ast.Constant):
                yield subject


def _text(node: ast.expr) -> str:
    """What is written there; … for what is put in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def _pattern(text: str) -> str:
    return PLACEHOLDER.sub("…", text)

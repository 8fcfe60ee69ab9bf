"""Which resolver answers."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from koji_adjutant.buildroot.resolving.resolver import wanted_resolver
from koji_adjutant.buildroot.specification.config import (
    BuildrootConfig,
    PackageManagerOptions,
    TagOptions,
    for_repos,
)
from koji_adjutant.buildroot.toolbox import PROGRAMS

REQUEST: dict[str, Any] = {
    "groups": [],
    "packages": [],
    "requires": [],
    "releasever": None,
    "forcearch": None,
    "modules": [],
    "repositories": [],
    "package_manager": "dnf4",
}


@pytest.fixture
def config(tmp_path: Path) -> BuildrootConfig:
    (tmp_path / "repodata").mkdir()
    (tmp_path / "repodata" / "repomd.xml").touch()
    return for_repos([str(tmp_path)], "x86_64", "build", network=False, options=TagOptions())


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (None, "dnf4"),
        ("dnf", "dnf4"),
        ("dnf4", "dnf4"),
        ("yum", "dnf4"),
        ("dnf5", "dnf5"),
        ("microdnf", "dnf4"),
    ],
)
def test_what_a_tag_means(config: BuildrootConfig, said: str | None, wanted: str) -> None:
    options = PackageManagerOptions(package_manager=said)
    assert wanted_resolver(replace(config, package_manager=options)) == wanted


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The program, in a directory of its own, with neither dnf at hand."""
    monkeypatch.syspath_prepend(PROGRAMS)
    for name in ("comps", "question", "resolve", "resolve_dnf4", "resolve_dnf5"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("dnf", "libdnf5"):
        monkeypatch.setitem(sys.modules, name, None)
    program = importlib.import_module("resolve")
    monkeypatch.setattr(sys.modules["question"], "WORK", tmp_path)
    monkeypatch.setattr(program, "METADATA", tmp_path / "metadata")
    return program


def give(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """The image has these resolvers, which install themselves."""

    def install(name: str) -> Any:
        return lambda _question, _members, answer: answer.install.append({"nevra": name})

    for name in names:
        module = ModuleType(f"resolve_{name}")
        module.__dict__["resolve"] = install(name)
        monkeypatch.setitem(sys.modules, f"resolve_{name}", module)


@pytest.mark.parametrize(
    ("has", "wanted", "answers"),
    [
        (["dnf4", "dnf5"], "dnf4", "dnf4"),
        (["dnf4", "dnf5"], "dnf5", "dnf5"),
        (["dnf4"], "dnf5", "dnf4"),
        (["dnf5"], "dnf4", "dnf5"),
    ],
)
def test_who_answers(
    resolve: ModuleType,
    has: list[str],
    wanted: str,
    answers: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    give(monkeypatch, *has)
    (tmp_path / "request.json").write_text(json.dumps({**REQUEST, "package_manager": wanted}))
    assert resolve.main() == 0
    assert json.loads((tmp_path / "plan.json").read_text())["install"] == [{"nevra": answers}]
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"Resolving with {answers}"
    assert len(lines) == (1 if wanted == answers else 2)


def test_an_image_without_any(
    resolve: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "request.json").write_text(json.dumps(REQUEST))
    assert resolve.main() == 1
    sentence = "the tool image has no package resolver: neither python3-dnf nor python3-libdnf5"
    assert json.loads((tmp_path / "plan.json").read_text())["lacking"] == sentence
    assert f"Error: {sentence}" in capsys.readouterr().out

"""What plugins get around a checkout: kojid's arguments, and a git that trusts nothing in it."""

from __future__ import annotations

import os
from typing import Any

import koji.plugin
import pytest

from koji_adjutant.config import KojidOptions
from koji_adjutant.task_adapters.buildsrpm_scm import BuildSRPMFromSCMTask
from tests.support.recipes import Recipes
from tests.support.scripted_hub import REPO, ScriptedHub

URL = "git://git.example.org/hello#abc"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The callbacks that ran, with their arguments and the settings that git would have had."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def note(cbtype: str, **arguments: Any) -> None:
        settings = {value for key, value in os.environ.items() if key.startswith("GIT_CONFIG_KEY_")}
        seen.append((cbtype, {**arguments, "git": settings}))

    for name in ("preSCMCheckout", "postSCMCheckout"):
        monkeypatch.setitem(koji.plugin.callbacks, name, [note])
    return seen


def test_callbacks(options: KojidOptions, recipes: Recipes, called: list[tuple[str, dict[str, Any]]]) -> None:
    before = dict(os.environ)
    request = [URL, 2, {"repo_id": REPO["id"], "scratch": True}]
    BuildSRPMFromSCMTask(1, "buildSRPMFromSCM", request, ScriptedHub(), options).run()
    assert [name for name, _ in called] == ["preSCMCheckout", "postSCMCheckout"]
    first, second = (arguments for _, arguments in called)
    stock = {"scminfo", "build_tag", "scratch", "buildroot", "taskinfo", "session", "git"}
    assert (set(first), set(second)) == (stock, stock | {"srcdir"})
    assert first["scminfo"]["url"] == URL
    assert first["scratch"] is True
    assert first["build_tag"]["id"] == first["buildroot"].tag_id
    assert first["buildroot"].repoid == REPO["id"]
    assert second["srcdir"].startswith(options.workdir)
    assert {"safe.bareRepository", "core.hooksPath", "core.fsmonitor"} <= second["git"]
    assert dict(os.environ) == before

"""Whatever a tag's extra has in it, a task is done, or fails with a sentence; with no traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koji_adjutant.buildroot.specification.config_json import config_as_json, config_from_json
from koji_adjutant.buildroot.specification.render import koji_repo, macros_koji
from koji_adjutant.config import KojidOptions
from koji_adjutant.policy.reading import KEY
from tests.fuzz.outcome import outcome
from tests.support.farm_hub import furnish
from tests.support.fuzzing import FUZZ, JSON, TEXT
from tests.support.recipes import Recipes
from tests.support.scripted_hub import TAG

KEYS = (
    "mock.yum.best",
    "mock.yum.module_hotfixes",
    "mock.releasever",
    "mock.forcearch",
    "mock.module_setup_commands",
    "mock.package_manager",
    "mock.plugin_conf.sign_enable",
    "mock.use_bootstrap",
    "noarch_arches",
    "rebuild_srpm",
    "repo.oldrepo_hint",
    "repo.opts",
    "rpm.macro.dist",
    "rpm.env.CFLAGS",
    KEY,
)
EXTRA = st.dictionaries(
    st.one_of(
        st.sampled_from(KEYS),
        TEXT.map(lambda name: f"rpm.macro.{name}"),
        TEXT.map(lambda name: f"rpm.env.{name}"),
        TEXT,
    ),
    st.one_of(JSON, st.lists(st.lists(JSON, min_size=2, max_size=2), max_size=3)),
    max_size=5,
)
METHODS = ("build", "buildArch", "buildSRPMFromSCM", "newRepo", "runroot", "wrapperRPM", "createrepo")


@pytest.fixture(autouse=True)
def _farm(topdir: Path, recipes: Recipes, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(topdir, monkeypatch)


@pytest.mark.parametrize("method", METHODS)
def test_an_extra_of_anything(method: str, options: KojidOptions, recipes: Recipes) -> None:
    """What becomes of it can be written down for dnf, for rpm and for the lock, and read again."""

    @FUZZ
    @given(EXTRA)
    def check(extra: dict[str, Any]) -> None:
        tag = TAG | {"extra": extra, "config_inheritance": {"extra": {}}}
        ended = outcome(method, None, options, getTag=tag, getBuildConfig=tag)
        if "config" in recipes.seen and ended == "done":
            config = recipes.seen["config"]
            for text in (koji_repo(config), macros_koji(config)):
                assert text.encode()
            again = config_from_json(json.loads(json.dumps(config_as_json(config))))
            assert (again.macros, again.package_manager) == (config.macros, config.package_manager)
            assert all(name and "=" not in name for name in config.environment)

    check()

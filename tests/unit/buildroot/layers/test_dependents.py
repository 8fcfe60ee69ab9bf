"""What was made on a layer goes with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.buildroot.layers.compose import Recipe
from koji_adjutant.buildroot.layers.dependents import discard_what_stands_on
from koji_adjutant.buildroot.specification.plan import Plan

PARENTS = {"base": None, "other": None, "one": "base", "two": "one", "three": "two", "alien": "other"}


def store_of(parents: Mapping[str, str | None], directory: Path) -> RootStore:
    """Layers that were made on each other."""
    store = RootStore(directory)
    for key, parent in parents.items():
        recipe = Recipe(parent, Plan(), {}, "sha256:0", False)

        def compose(staging: Path, text: str = json.dumps(recipe.as_json())) -> None:
            (staging / "recipe.json").write_text(text)

        with store.lease(key, compose):
            pass
    return store


def test_layers_on_a_layer_and_on_these(tmp_path: Path) -> None:
    store = store_of(PARENTS, tmp_path)
    with store.lease("metadata-1", lambda staging: (staging / "file").touch()):
        pass
    (store.entry("other") / "recipe.json").write_text("no recipe")
    with store.lease("two", lambda _staging: None) as used:
        discard_what_stands_on(store, "base")
        assert not used.is_current()
        kept = {usage.key for usage in store.usages()}
    assert kept == {"base", "other", "alien", "metadata-1"}


def test_damaged_recipes_that_name_each_other(tmp_path: Path) -> None:
    store = store_of({"one": "two", "two": "one", "other": None}, tmp_path)
    discard_what_stands_on(store, "one")
    assert {usage.key for usage in store.usages()} == {"other"}

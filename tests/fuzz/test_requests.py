"""Whatever a request has in it, the task is done, refused, or fails with a sentence; with no traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koji_adjutant.config import KojidOptions
from koji_adjutant.rpm.arch import is_arch
from tests.fuzz.outcome import outcome
from tests.support.farm_hub import furnish
from tests.support.fuzzing import EXAMPLES, FUZZ, TEXT, XMLRPC, mutated
from tests.support.recipes import Recipes
from tests.support.requests import REQUESTS


@pytest.fixture(autouse=True)
def _farm(topdir: Path, recipes: Recipes, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(topdir, monkeypatch)


@pytest.mark.parametrize("method", REQUESTS)
def test_a_request_in_order_is_done(method: str, options: KojidOptions) -> None:
    """So that the others have something to break."""
    assert outcome(method, REQUESTS[method], options) in ("done", "exit") or method == "default"


@pytest.mark.parametrize("method", REQUESTS)
def test_a_request_that_was_tampered_with(method: str, options: KojidOptions, recipes: Recipes) -> None:
    @FUZZ
    @given(mutated(REQUESTS[method]))
    def check(request: list[Any]) -> None:
        outcome(method, request, options)
        if "config" in recipes.seen:
            assert is_arch(recipes.seen["config"].arch)

    check()


@pytest.mark.parametrize("method", ["buildNotification", "tagNotification"])
def test_mails_of_anybody_s(method: str, options: KojidOptions) -> None:
    @FUZZ
    @given(TEXT)
    def check(sender: str) -> None:
        options.from_addr = sender
        outcome(method, None, options)

    check()


@pytest.mark.parametrize("method", REQUESTS)
def test_a_request_of_anything(method: str, options: KojidOptions) -> None:
    @settings(FUZZ, max_examples=EXAMPLES // 4)
    @given(st.lists(XMLRPC, max_size=6))
    def check(request: list[Any]) -> None:
        outcome(method, request, options)

    check()

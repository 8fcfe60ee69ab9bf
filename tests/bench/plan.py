"""How much is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.packages import RECIPES, SMALL_C


@dataclass(frozen=True)
class Plan:
    """``turns`` is how often each contender builds each package, ``jobs`` how many builds run at once.

    ``disk`` is how many bytes all that makes, with nothing deleted before the end.
    """

    packages: Sequence[str]
    turns: int
    large_turns: int
    jobs: Sequence[int]
    rounds: int
    repo_packages: int
    repo_turns: int
    disk: int


FULL = Plan(
    packages=tuple(recipe.name for recipe in RECIPES),
    turns=5,
    large_turns=3,
    jobs=(1, 2, 4, 8),
    rounds=3,
    repo_packages=5000,
    repo_turns=5,
    disk=40 * 10**9,
)

QUICK = Plan(
    packages=(SMALL_C,),
    turns=3,
    large_turns=0,
    jobs=(1, 8),
    rounds=1,
    repo_packages=5000,
    repo_turns=2,
    disk=6 * 10**9,
)

"""How much is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.packages import LONG, RECIPES, SMALL_C


@dataclass(frozen=True)
class Plan:
    """``turns`` is how often each contender builds each package.

    ``at_once`` has packages, how many of each are built at once, and how often. ``disk`` is how many bytes
    all that makes, with nothing deleted before the end.
    """

    packages: Sequence[str]
    turns: int
    large_turns: int
    mass_turns: int
    at_once: Sequence[tuple[str, int, int]]
    repo_packages: int
    repo_turns: int
    disk: int


FULL = Plan(
    packages=tuple(recipe.name for recipe in RECIPES if recipe.name != LONG),
    turns=5,
    large_turns=3,
    mass_turns=1,
    at_once=((SMALL_C, 1, 3), (SMALL_C, 2, 3), (SMALL_C, 4, 3), (SMALL_C, 8, 3), (LONG, 8, 1)),
    repo_packages=5000,
    repo_turns=5,
    disk=40 * 10**9,
)

QUICK = Plan(
    packages=(SMALL_C,),
    turns=3,
    large_turns=0,
    mass_turns=0,
    at_once=((SMALL_C, 1, 1), (SMALL_C, 8, 3)),
    repo_packages=5000,
    repo_turns=2,
    disk=6 * 10**9,
)

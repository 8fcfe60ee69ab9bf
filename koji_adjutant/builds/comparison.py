"""Comparing what two builds of one source have made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from koji_adjutant.rpm.comparison import Comparison, Sides, compare

SIDES = Sides("in the first build", "in the second")


def compared(first: Sequence[Path], second: Sequence[Path]) -> Mapping[str, Comparison]:
    """Return, by file name, in what the packages of two builds of one source differ.

    Raises SourceError for what is no RPM file.
    """
    one, other = ({path.name: path for path in paths} for paths in (first, second))
    alone = {
        **{name: Comparison([f"only {SIDES.first}"]) for name in one.keys() - other.keys()},
        **{name: Comparison([f"only {SIDES.second}"]) for name in other.keys() - one.keys()},
    }
    both = {name: compare(one[name], other[name], SIDES) for name in one.keys() & other.keys()}
    return dict(sorted({**alone, **both}.items()))

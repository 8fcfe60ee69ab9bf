"""Sizes and times as people read them, on the dashboard and on a terminal."""

from __future__ import annotations

import pytest

from koji_adjutant.text import ago, size


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (300_000_000, "286 MiB"),
        (20 * 2**30, "20.0 GiB"),
        (2**60, "1048576 TiB"),
    ],
)
def test_a_size(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "just now"),
        (4.9, "just now"),
        (59, "59 seconds ago"),
        (60, "1 minute ago"),
        (7300, "2 hours ago"),
        (86400 * 3, "3 days ago"),
    ],
)
def test_how_long_ago(seconds: float, said: str) -> None:
    assert ago(1000.0, 1000.0 + seconds) == said

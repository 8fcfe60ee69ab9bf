"""For all unit tests: a limit of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

LIMIT = 60
"""Seconds that a unit test may take, on a busy machine too; most take a hundredth of one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT))

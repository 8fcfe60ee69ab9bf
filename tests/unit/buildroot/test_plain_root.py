"""Which steps get a root that is a plain directory."""

from __future__ import annotations

import pytest

from koji_adjutant.buildroot.files.plain_root import is_worth_copying

MEGABYTE = 10**6
MUCH = 10**12


@pytest.mark.parametrize(
    ("size", "seconds", "free", "worth"),
    [
        (400 * MEGABYTE, 0, MUCH, False),  # nobody knows how long
        (0, 86400, MUCH, False),  # nobody knows how large
        (400 * MEGABYTE, 45, MUCH, False),
        (400 * MEGABYTE, 60, MUCH, True),
        (2000 * MEGABYTE, 120, MUCH, False),
        (2000 * MEGABYTE, 600, MUCH, True),
        (2000 * MEGABYTE, 86400, 7999 * MEGABYTE, False),  # three quarters of the room are the build's
        (2000 * MEGABYTE, 86400, 8001 * MEGABYTE, True),
    ],
)
def test_what_is_saved_must_be_more_than_what_a_copy_takes(
    size: int, seconds: float, free: int, worth: bool
) -> None:
    assert is_worth_copying(size, seconds, free) is worth

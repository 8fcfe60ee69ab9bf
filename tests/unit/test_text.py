"""Sizes, times and URLs as people read them, on the dashboard and on a terminal."""

from __future__ import annotations

import pytest

from koji_adjutant.text import ago, printable, size, without_credentials


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("git+https://me:geheim@host/x?y#abc", "git+https://me:***@host/x?y#abc"),
        ("at https://:geheim@host and http://a:ge:heim@b/", "at https://:***@host and http://a:***@b/"),
        ("https://me:ge@heim@host:8080/", "https://me:***@host:8080/"),
        ("https://me:p%40geheim@[::1]/", "https://me:***@[::1]/"),
        ("https://git@host/x and https://host:80/a@b", "https://git@host/x and https://host:80/a@b"),
        ("\x1b[1mhttps://me:geheim@host/", "\\x1b[1mhttps://me:***@host/"),
    ],
)
def test_no_password_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("url", "others"),
    [
        ("https://me:geheim@host:80/x", "https://host:80/x"),
        ("https://token@host/x@y", "https://host/x@y"),
        ("file:///a/b", "file:///a/b"),
        ("https://host/x", "https://host/x"),
    ],
)
def test_a_url_for_others(url: str, others: str) -> None:
    assert without_credentials(url) == others

"""Remembered answers."""

from __future__ import annotations

import os
from pathlib import Path

from koji_adjutant.buildroot.cache.memo import LIFETIME, Memo


def test_an_answer_is_remembered(tmp_path: Path) -> None:
    Memo(tmp_path).put("key", {"a": [1]})
    assert Memo(tmp_path).get("key") == {"a": [1]}
    assert Memo(tmp_path).get("other") is None


def test_half_an_answer_is_none(tmp_path: Path) -> None:
    memo = Memo(tmp_path)
    memo.put("key", [1])
    (file,) = tmp_path.iterdir()
    file.write_text("[1")
    assert memo.get("key") is None


def test_what_nobody_asks_for_is_forgotten(tmp_path: Path) -> None:
    memo = Memo(tmp_path)
    for key in ("asked", "forgotten"):
        memo.put(key, key)
    for file in tmp_path.iterdir():
        old = file.stat().st_mtime - LIFETIME - 1
        os.utime(file, (old, old))
    assert memo.get("asked") == "asked"
    memo.prune()
    assert memo.get("asked") == "asked"
    assert memo.get("forgotten") is None

"""Remembered answers."""

from __future__ import annotations

import os
from pathlib import Path

from koji_adjutant.buildroot.cache.answers import LIFETIME, AnswerCache


def test_an_answer_is_remembered(tmp_path: Path) -> None:
    AnswerCache(tmp_path).put("key", {"a": [1]})
    assert AnswerCache(tmp_path).get("key") == {"a": [1]}
    assert AnswerCache(tmp_path).get("other") is None


def test_half_an_answer_is_none(tmp_path: Path) -> None:
    answers = AnswerCache(tmp_path)
    answers.put("key", [1])
    (file,) = tmp_path.iterdir()
    file.write_text("[1")
    assert answers.get("key") is None


def test_what_nobody_asks_for_is_forgotten(tmp_path: Path) -> None:
    answers = AnswerCache(tmp_path)
    for key in ("asked", "forgotten"):
        answers.put(key, key)
    for file in tmp_path.iterdir():
        old = file.stat().st_mtime - LIFETIME - 1
        os.utime(file, (old, old))
    assert answers.get("asked") == "asked"
    answers.prune()
    assert answers.get("asked") == "asked"
    assert answers.get("forgotten") is None

"""RLIMIT_* options reach builds."""

from __future__ import annotations

import resource
from pathlib import Path

import koji.util

from koji_adjutant.config import load
from koji_adjutant.config.rlimits import build_rlimits


def test_what_kojid_conf_names_is_what_builds_get(tmp_path: Path) -> None:
    conf = tmp_path / "kojid.conf"
    conf.write_text(
        "[kojid]\nserver = http://hub\ntopurl = http://files\nRLIMIT_NOFILE = 256\nRLIMIT_NOSUCH = 1\n"
    )
    options = load(conf, {}).kojid
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        koji.util.setup_rlimits(vars(options))
        assert build_rlimits(options) == {"nofile": (256, hard)}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_nothing_named_nothing_set(tmp_path: Path) -> None:
    conf = tmp_path / "kojid.conf"
    conf.write_text("[kojid]\nserver = http://hub\ntopurl = http://files\n")
    assert build_rlimits(load(conf, {}).kojid) == {}

"""Roots for new repos, made before a build wants them."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from koji_adjutant import config
from koji_adjutant.buildroot.recent import RecentRoot, RecentRoots
from koji_adjutant.daemon.prewarm import make_ready
from tests.hub.builder import ARCH
from tests.hub.farm import Farm

pytestmark = pytest.mark.podman


def test_the_root_of_the_newest_repo(farm: Farm) -> None:
    options = config.load(farm.directory / "kojid.conf", os.environ).kojid
    # a worker of its own, as far as its work directory and its containers go
    options.workdir = str(farm.directory / "prewarm-work")
    options.worker_id = "prewarm-test"
    (farm.directory / "prewarm-work").mkdir()
    options.adjutant = replace(options.adjutant, log_dir=farm.directory / "prewarm-logs")
    recent = RecentRoots(options.adjutant.state_dir / "recent")
    root = RecentRoot(farm.build_tag, ARCH, "build")
    recent.note(root)

    make_ready(options)

    newest = farm.admin.getRepo(farm.build_tag)["id"]
    assert dict(recent.latest())[root] == newest
    log = (farm.directory / "prewarm-logs" / "prewarm.log").read_text()
    assert "\nRoot " in f"\n{log}"
    assert not list((farm.directory / "prewarm-work").iterdir())

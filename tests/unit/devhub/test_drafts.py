"""Promotion of a draft: where its files are afterwards."""

from __future__ import annotations

import os
from pathlib import Path

import koji

from koji_adjutant.devhub import DevHub
from tests.support.rpm_file import write_rpm
from tests.unit.devhub.builder import Builder


def test_no_link_stays_where_the_draft_was(
    hub: DevHub, builder: Builder, admin: koji.ClientSession, tmp_path: Path
) -> None:
    task = builder.open(admin)
    named = {"name": "promoted", "version": "1.0", "release": "1", "epoch": None, "task_id": task}
    build = builder.host.initBuild({**named, "draft": True})
    files = [builder.upload(task, write_rpm(tmp_path, "promoted", source=source)) for source in (True, False)]
    draft = builder.host.completeBuild(task, build, files[0], files[1:])
    builder.close(task)
    promoted = admin.promoteBuild(build)
    paths = koji.PathInfo(str(hub.topdir))
    assert Path(paths.build(promoted), "src", "promoted-1.0-1.src.rpm").is_file()
    assert not os.path.lexists(paths.build(draft))

"""Which files of a layer are looked at each time."""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.buildroot.files.walk import walk
from koji_adjutant.buildroot.layers.vital import vital_in_layer

VITAL = (
    "installed.json",
    "recipe.json",
    "root/etc/passwd",
    "root/usr/bin/bash",
    "root/bin/sh",
    "root/usr/lib64/ld-linux-x86-64.so.2",
    "root/usr/lib/x86_64-linux-gnu/libc.so.6",
    "root/var/lib/rpm/rpmdb.sqlite",
)
OTHERS = (
    "stray",
    "stray/file",
    "root/usr/bin/bashful",
    "root/usr/include/stdio.h",
    "root/opt/usr/bin/bash",
    "root/usr/share/doc/a/deep",
    "root/var/lib/rpmdb",
)


def test_files_and_the_directories_above(tmp_path: Path) -> None:
    for name in (*VITAL, *OTHERS[1:]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    is_vital = vital_in_layer("/var/lib/rpm")
    found = {file.path: file.is_directory for file in walk(tmp_path) if is_vital(file)}
    assert {path for path, is_directory in found.items() if not is_directory} == {*VITAL}
    assert {"root", "root/usr", "root/usr/bin", "root/usr/share/doc", "root/var/lib/rpm"} <= {*found}
    assert "root/usr/share/doc/a" not in found

"""What is seen of an entry's damage, at a glance and in full."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache.record import (
    DEEPEST,
    FILES,
    VITAL,
    seen_at_a_glance,
    seen_in_full,
    write_record,
)
from koji_adjutant.buildroot.files.walk import TreeEntry
from tests.support.damages import DAMAGES


def is_vital(file: TreeEntry) -> bool:
    return file.path in ("root", "root/bin", "root/bin/bash")


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    entry = tmp_path / "entry"
    (entry / "root" / "bin").mkdir(parents=True)
    (entry / "root" / "usr").mkdir()
    (entry / "root" / "bin" / "bash").write_bytes(b"a shell")
    (entry / "root" / "usr" / "a name\nwith \udcff").write_bytes(b"a header")
    (entry / "root" / "sh").symlink_to("bin/bash")
    os.mkfifo(entry / "root" / "pipe")
    write_record(entry, is_vital)
    return entry


def change_time(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def test_nothing_is_wrong_with_a_new_entry(entry: Path) -> None:
    assert seen_at_a_glance(entry) == []
    assert seen_in_full(entry, ()) == []


def test_its_bytes_on_disk_are_counted_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * (1 << 20))
    os.link(tmp_path / "one", tmp_path / "other")
    assert 1 << 20 <= write_record(tmp_path, is_vital) < 2 << 20


@pytest.mark.parametrize(
    ("damage", "lines"),
    [
        (lambda bash: bash.write_bytes(b""), ["root/bin/bash: another size, mtime"]),
        (lambda bash: bash.unlink(), ["root/bin: another mtime", "root/bin/bash: gone"]),
        (lambda bash: bash.chmod(0o600), ["root/bin/bash: another mode"]),
        (change_time, ["root/bin/bash: another mtime"]),
    ],
    ids=["emptied", "removed", "mode", "mtime"],
)
def test_damage_of_what_is_vital(entry: Path, damage: Callable[[Path], None], lines: list[str]) -> None:
    os.utime(entry / "root" / "bin", ns=(0, 0))
    (entry / "root" / "bin" / "bash").chmod(0o644)
    for name in (FILES, VITAL):
        (entry / name).unlink()
    write_record(entry, is_vital)
    damage(entry / "root" / "bin" / "bash")
    assert seen_at_a_glance(entry) == lines
    assert seen_in_full(entry, (FILES, VITAL)) == lines


def test_other_damage_is_seen_in_full_only(entry: Path) -> None:
    (entry / "root" / "usr" / "a name\nwith \udcff").write_bytes(b"")
    assert seen_at_a_glance(entry) == []
    assert seen_in_full(entry, ()) == ["root/usr/a name\nwith \\udcff: another size, mtime"]


def test_what_is_new_is_seen_and_what_is_the_stores_own_is_not(entry: Path) -> None:
    (entry / ".size").touch()
    (entry / "root" / "usr" / "stray").touch()
    assert seen_in_full(entry, (".size",)) == ["root/usr: another mtime", "root/usr/stray: new"]


def test_an_entry_of_an_earlier_version_has_no_record(tmp_path: Path) -> None:
    assert seen_at_a_glance(tmp_path) == []
    assert seen_in_full(tmp_path, ()) == []


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name not in ("removed", "alien")])
def test_a_record_that_cannot_be_read_is_damage(entry: Path, damage: str) -> None:
    DAMAGES[damage](entry / VITAL)
    (line,) = seen_at_a_glance(entry)
    assert line.startswith(".vital: cannot be read, ")
    DAMAGES[damage](entry / FILES)
    (line,) = seen_in_full(entry, ())
    assert line.startswith(".files: cannot be read, ")


def test_a_tree_without_an_end_is_not_written_down_to_its_end(tmp_path: Path) -> None:
    here = tmp_path
    for _ in range(DEEPEST + 3):
        here = here / "d"
        here.mkdir()
    write_record(tmp_path, lambda _file: True)
    (here / "file").touch()
    assert seen_in_full(tmp_path, ()) == []

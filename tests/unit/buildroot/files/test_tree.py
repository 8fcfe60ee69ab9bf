"""What a tree consists of, and how two differ."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from koji_adjutant.buildroot.files.tree import changes, describe, differences, read_manifest, write_manifest


def plant(top: Path) -> Path:
    (top / "usr" / "bin").mkdir(parents=True)
    (top / "usr" / "bin" / "tool").write_text("tool")
    os.link(top / "usr" / "bin" / "tool", top / "usr" / "bin" / "same")
    (top / "bin").symlink_to("usr/bin")
    (top / "loop").symlink_to("loop")
    (top / "a name\nwith \udcff").touch()
    os.mkfifo(top / "pipe")
    return top


def test_equal_trees_are_equal(tmp_path: Path) -> None:
    one, other = (describe(plant(tmp_path / name)) for name in ("one", "other"))
    assert set(one) == {".", "usr", "usr/bin", "usr/bin/tool", "usr/bin/same", "bin", "loop", "pipe"} | {
        "a name\nwith \udcff"
    }
    assert differences(one, other) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda top: (top / "usr/bin/tool").write_text("TOOL"), "usr/bin/tool: another content"),
        (lambda top: (top / "usr/bin").chmod(0o700), "usr/bin: another mode"),
        (lambda top: (top / "new").touch(), "new: only in the second"),
        (lambda top: (top / "pipe").unlink(), "pipe: only in the first"),
        (lambda top: ((top / "loop").unlink(), (top / "loop").symlink_to("x")), "loop: another content"),
        (lambda top: (top / "usr/bin/same").unlink(), "usr/bin/tool: another links"),
        (
            lambda top: os.setxattr(top / "usr", "trusted.overlay.opaque", b"y"),
            "usr: another xattrs",
        ),
    ],
)
def test_a_difference_is_named(tmp_path: Path, change: object, line: str) -> None:
    before = describe(plant(tmp_path / "one"))
    plant(tmp_path / "other")
    try:
        change(tmp_path / "other")  # type: ignore[operator]
    except PermissionError:
        pytest.skip("only root may set this attribute")
    assert line in differences(before, describe(tmp_path / "other"))


def test_labels_are_the_host_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root is not damaged because restorecon went through the store."""
    tree = plant(tmp_path / "one")
    before = describe(tree)
    monkeypatch.setattr("os.listxattr", lambda *_args, **_options: ["security.selinux"])
    monkeypatch.setattr("os.getxattr", lambda *_args, **_options: b"system_u:object_r:container_file_t:s0")
    assert changes(before, describe(tree)) == []


def test_times_do_not_make_trees_different_but_are_changes(tmp_path: Path) -> None:
    before = describe(plant(tmp_path / "one"))
    os.utime(tmp_path / "one" / "usr" / "bin" / "tool", (1, 1))
    after = describe(tmp_path / "one")
    assert differences(before, after) == []
    assert changes(before, after) == ["usr/bin/same: another mtime", "usr/bin/tool: another mtime"]


def test_a_manifest_says_it_all(tmp_path: Path) -> None:
    tree = describe(plant(tmp_path / "one"))
    write_manifest(tmp_path / "manifest", tree)
    assert read_manifest(tmp_path / "manifest") == tree

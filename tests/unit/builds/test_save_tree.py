"""The program that packs a kept buildroot, on trees as bad as packagers can make them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.builds.tool import save_tree

PREFIX = "var/lib/mock/f39-5-7/root"


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    kept, work = tmp_path / "kept", tmp_path / "work"
    for directory in (kept / "builddir", work, tmp_path / "root/etc"):
        directory.mkdir(parents=True)
    monkeypatch.setattr(save_tree, "KEPT", kept)
    monkeypatch.setattr(save_tree, "WORK", work)
    (tmp_path / "root/etc/host.keytab").write_text("secret")
    (tmp_path / "root/etc/passwd").write_text("root")
    os.link(tmp_path / "root/etc/passwd", tmp_path / "root/etc/passwd-")
    with tarfile.open(kept / "root.tar", "w", format=tarfile.PAX_FORMAT) as root:
        root.add(tmp_path / "root", ".")

    def run(*, full: bool = False, limit: int = 1 << 30) -> int:
        request = {
            "prefix": PREFIX,
            "filters": ["*/etc/*.keytab", "*/dropped"],
            "full": full,
            "archive": "broot-5.tar.gz",
            "image": "broot-5.oci.tar" if full else None,
            "config": {"name": "localhost/x:5", "architecture": "amd64"},
            "limit": limit,
        }
        (work / "request.json").write_text(json.dumps(request))
        return save_tree.main()

    return run


@pytest.fixture
def builddir(tmp_path: Path) -> Path:
    return tmp_path / "kept/builddir"


def members(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path) as archive:
        return {info.name: info for info in archive}


def test_links_pipes_and_odd_names_stay_what_they_are(pack: Any, builddir: Path, tmp_path: Path) -> None:
    (builddir / "link").symlink_to("/etc/shadow")
    os.mkfifo(builddir / "pipe")
    (builddir / "new\nline").write_text("x")
    (builddir / os.fsdecode(b"\xff")).write_text("y")
    (builddir / "dropped").mkdir()
    (builddir / "dropped/inside").write_text("z")
    assert pack() == 0
    found = members(tmp_path / "work/broot-5.tar.gz")
    assert found[f"{PREFIX}/builddir/link"].linkname == "/etc/shadow"
    assert found[f"{PREFIX}/builddir/pipe"].isfifo()
    names = {name.removeprefix(f"{PREFIX}/builddir") for name in found}
    assert names == {"", "/link", "/pipe", "/new\nline", "/\udcff"}
    assert {info.uname for info in found.values()} == {""}


def test_a_tree_deeper_than_a_path_may_be_long(pack: Any, builddir: Path, tmp_path: Path) -> None:
    start = Path.cwd()
    os.chdir(builddir)
    try:
        for _ in range(30):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
    finally:
        os.chdir(start)
    assert pack() == 0
    assert 10 < len(members(tmp_path / "work/broot-5.tar.gz")) < 30


def test_a_file_that_claims_to_be_huge(pack: Any, builddir: Path) -> None:
    with (builddir / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 40)
    assert pack() == save_tree.TOO_MUCH


def test_all_of_it_and_an_image(pack: Any, builddir: Path, tmp_path: Path) -> None:
    (builddir / "result").write_text("r")
    assert pack(full=True) == 0
    found = members(tmp_path / "work/broot-5.tar.gz")
    assert {f"{PREFIX}/etc/passwd", f"{PREFIX}/builddir/result"} < set(found)
    assert f"{PREFIX}/etc/host.keytab" not in found
    assert found[f"{PREFIX}/etc/passwd-"].linkname in found or found[f"{PREFIX}/etc/passwd-"].isreg()
    with tarfile.open(tmp_path / "work/broot-5.oci.tar") as image:
        contents = {info.name: image.extractfile(info).read() for info in image}  # type: ignore[union-attr]
    blobs = {name.rpartition("/")[2]: data for name, data in contents.items() if name.startswith("blobs/")}
    assert all(hashlib.sha256(data).hexdigest() == name for name, data in blobs.items())
    (entry,) = json.loads(contents["index.json"])["manifests"]
    manifest = json.loads(blobs[entry["digest"].removeprefix("sha256:")])
    (layer,) = manifest["layers"]
    with tarfile.open(fileobj=io.BytesIO(blobs[layer["digest"].removeprefix("sha256:")])) as files:
        assert {"etc/passwd", "builddir/result"} < set(files.getnames())
        assert "etc/host.keytab" not in files.getnames()

"""createrepo_c for images whose distribution has an old one."""

from __future__ import annotations

import io
import subprocess
import tarfile
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from koji_adjutant.images import createrepo
from koji_adjutant.images.createrepo import OwnPrograms, own_programs, with_new_createrepo
from koji_adjutant.images.recipe import ToolRoot

OLD = ["bash=5.2", "createrepo-c=0.17.3-2", "dnf=4.14"]


@pytest.fixture
def own() -> OwnPrograms:
    found = own_programs()
    if found is None:
        pytest.skip("the bindings for Python are a distribution's package here, without programs")
    return found


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    path = tmp_path / "root.tar"
    with tarfile.open(path, "w") as file:
        for name in (".", "./etc", "./opt", "./usr", "./usr/local", "./usr/local/bin"):
            member = tarfile.TarInfo(name)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            file.addfile(member)
        member = tarfile.TarInfo("./etc/hostname")
        member.size = 4
        file.addfile(member, io.BytesIO(b"tool"))
    return path


def said(root: ToolRoot, own: OwnPrograms | None) -> tuple[ToolRoot, list[str]]:
    lines: list[str] = []
    return with_new_createrepo(root, own, lines.append), lines


@pytest.mark.parametrize(
    "package", ["createrepo-c=1.2.0-1", "createrepo_c=1.1.2-4.el10", "createrepo_c=1:1.0.0-1"]
)
def test_new_enough(tar: Path, own: OwnPrograms, package: str) -> None:
    before = tar.read_bytes()
    root = ToolRoot(tar, ["bash=5.2", package])
    assert said(root, own) == (root, [])
    assert tar.read_bytes() == before


def test_the_workers_own_are_added(tar: Path, own: OwnPrograms, tmp_path: Path) -> None:
    root, lines = said(ToolRoot(tar, OLD), own)
    assert root.packages == ["bash=5.2", f"createrepo-c=0.17.3-2 and {own.version} of PyPI", "dnf=4.14"]
    assert lines == [f"adding createrepo_c {own.version} to createrepo-c=0.17.3-2"]
    with tarfile.open(tar) as file:
        names = file.getnames()
    subprocess.run(["tar", "--extract", f"--file={tar}", f"--directory={tmp_path}"], check=True)
    assert len(names) == len(set(names))
    assert "./etc/hostname" in names
    places = {name: tmp_path / "usr/local/bin" / name for name in createrepo.PROGRAMS}
    for name, link in places.items():
        program = tmp_path / str(link.readlink()).removeprefix("/")
        shown = subprocess.run([program, "--version"], stdout=subprocess.PIPE, check=True, text=True).stdout
        assert shown.startswith(f"Version: {own.version} "), name
    certificates = tmp_path / "etc/pki/tls/certs/ca-bundle.crt"
    assert str(certificates.readlink()) == createrepo.DEBIANS_CERTIFICATES


def test_certificates_that_are_there(tar: Path, own: OwnPrograms) -> None:
    with tarfile.open(tar, "a") as file:
        file.addfile(tarfile.TarInfo("./etc/pki/tls/certs/ca-bundle.crt"))
    said(ToolRoot(tar, OLD), own)
    with tarfile.open(tar) as file:
        assert file.getmember("./etc/pki/tls/certs/ca-bundle.crt").isfile()


def test_nothing_to_add(tar: Path) -> None:
    root = ToolRoot(tar, OLD)
    unchanged, lines = said(root, None)
    assert unchanged == root
    assert lines == [
        "the image has createrepo-c=0.17.3-2, which cannot read external repositories with zstd metadata: "
        "`pip install createrepo-c` for this worker brings a newer one"
    ]


def test_a_distributions_bindings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are known to Python, but not the files that belong to them."""
    information = tmp_path / "createrepo_c-1.2.1.egg-info"
    information.mkdir()
    (information / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: createrepo_c\nVersion: 1.2.1\n")
    monkeypatch.setattr(Distribution, "from_name", lambda _name: Distribution.at(information))
    assert own_programs() is None

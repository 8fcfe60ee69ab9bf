"""Making repositories for users as kojid's createdistrepo task does."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import createrepo_c
import pytest

from koji_adjutant.buildroot.repository.repofiles import RepoFiles
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.dist_repo import DistRepoRequest, create_dist_repo, package_directories
from koji_adjutant.builds.multilib import MultilibRequest, multilib_packages
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.errors import AdjutantError
from tests.integration.buildroot.fixtures import NewWorkspace
from tests.support.tool_image import needs_dnf4

LIBRARIES = Path(createrepo_c.__file__).parent.with_suffix(".libs")
PROGRAM = Path(createrepo_c.__file__).parent / "data/bin/createrepo_c"


@pytest.fixture
def topdir(tmp_path: Path) -> Path:
    """A hub's directory; packages lie on a volume that is only linked to."""
    top, volume = tmp_path / "koji", tmp_path / "elsewhere"
    (top / "vol").mkdir(parents=True)
    volume.mkdir()
    (top / "vol/big").symlink_to(volume)
    return top


@pytest.fixture
def packages(topdir: Path, repo: Path) -> Mapping[str, Path]:
    """Some packages of the test distribution."""
    found = {}
    for name in ("make", "patch"):
        (path,) = (repo / "Packages").rglob(f"{name}-[0-9]*.rpm")
        found[path.name] = Path(shutil.copy(path, topdir / "vol/big"))
    return found


@pytest.fixture
def request_(topdir: Path, packages: Mapping[str, Path]) -> DistRepoRequest:
    return DistRepoRequest(topdir, packages, topdir / "no-comps.xml")


def with_less(workspace: Workspace) -> Workspace:
    """With PyPI's createrepo_c, which is built without zchunk and deltas, in place of the image's."""
    mounts = [
        VolumeMount(PROGRAM, PurePosixPath("/usr/bin/createrepo_c"), read_only=True),
        VolumeMount(LIBRARIES, PurePosixPath("/createrepo_c.libs"), read_only=True),
    ]
    return replace(workspace, mounts=mounts)


def locations(repo: Path) -> set[str]:
    href = RepoFiles(repo).repomd().href("primary")
    assert href is not None
    found: set[str] = set()
    createrepo_c.xml_parse_primary(
        str(repo / href), pkgcb=lambda package: found.add(package.location_href), do_files=False
    )
    return found


def test_layout(workspace: Workspace, request_: DistRepoRequest, packages: Mapping[str, Path]) -> None:
    made = create_dist_repo(workspace, request_)
    assert made == workspace.workdir / "repo"
    assert locations(made) == {f"Packages/{name[0]}/{name}" for name in packages}
    assert package_directories(made) == [made / "Packages/m", made / "Packages/p"]
    for name, path in packages.items():
        assert (made / "Packages" / name[0] / name).readlink() == path


def test_a_part_apart(workspace: Workspace, request_: DistRepoRequest, packages: Mapping[str, Path]) -> None:
    make, patch = packages
    made = create_dist_repo(workspace, replace(request_, debug=frozenset([patch])))
    assert locations(made) == {f"Packages/m/{make}"}
    assert locations(made / "debug") == {f"../Packages/p/{patch}"}


def test_an_older_repo(
    workspace: Workspace, new_workspace: NewWorkspace, request_: DistRepoRequest, packages: Mapping[str, Path]
) -> None:
    first = replace(request_, debug=frozenset([list(packages)[1]]))
    old = create_dist_repo(workspace, first)
    for path in packages.values():
        path.write_bytes(b"")  # with --skip-stat the old data is taken for true
    second = create_dist_repo(new_workspace("second"), replace(first, old=old, skip_stat=True))
    assert locations(second) == locations(old)
    assert locations(second / "debug") == locations(old / "debug")
    with pytest.raises(AdjutantError, match=r"^failed to create repo: createrepo_c .* exited with status"):
        create_dist_repo(new_workspace("third"), replace(first, old=old))


def test_zchunk(workspace: Workspace, request_: DistRepoRequest, tmp_path: Path) -> None:
    dictionaries = tmp_path / "dictionaries"
    dictionaries.mkdir()
    (dictionaries / "primary.xml.zdict").write_bytes(b"<package type='rpm'>" * 64)
    (dictionaries / "filelists.xml.zdict").symlink_to("/etc/shadow")
    (dictionaries / "secret").touch()
    made = create_dist_repo(workspace, replace(request_, zck=True, zck_dict_dir=dictionaries))
    kinds = {record.type for record in createrepo_c.Repomd(str(made / "repodata/repomd.xml")).records}
    assert {"primary", "primary_zck", "filelists_zck"} <= kinds
    assert [path.name for path in (workspace.workdir / "zck-dictionaries").iterdir()] == ["primary.xml.zdict"]


@pytest.mark.parametrize("feature", ["zchunk", "delta RPMs"])
def test_what_createrepo_is_built_without(
    workspace: Workspace, request_: DistRepoRequest, feature: str
) -> None:
    if feature == "zchunk":
        request = replace(request_, zck=True)
    else:
        request = replace(request_, delta_against=[request_.topdir / "vol"])
    sentence = (
        f"^failed to create repo: createrepo_c .*\ncreaterepo_c of the tool image is built without {feature}"
    )
    with pytest.raises(AdjutantError, match=sentence):
        create_dist_repo(with_less(workspace), request)


@pytest.mark.parametrize(
    ("zck", "name", "sentence"),
    [
        (False, ".", "--zck-dict-dir makes no sense without --zck"),
        (True, "file", "zchunk dir path is file: /"),
        (True, "nowhere", "zchunk dir path doesn't exist: /"),
    ],
)
def test_dictionaries_that_are_none(
    workspace: Workspace, request_: DistRepoRequest, tmp_path: Path, zck: bool, name: str, sentence: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AdjutantError, match=f"^{sentence}"):
        create_dist_repo(workspace, replace(request_, zck=zck, zck_dict_dir=tmp_path / name))


@pytest.fixture
def multilib(request_: DistRepoRequest, topdir: Path, tmp_path: Path) -> MultilibRequest:
    config = tmp_path / "multilib.conf"
    config.write_text("[runtime]\nwhite =\nblack =\n[devel]\nwhite =\nblack =\n")
    return MultilibRequest(topdir, "x86_64", request_.packages, config, topdir, "i686", frozenset())


@needs_dnf4
def test_multilib_without_its_library(
    workspace: Workspace, multilib: MultilibRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koji_adjutant.builds.multilib.LIBRARY", ())
    sentence = (
        r"^multilib for x86_64 failed: neither the tool image nor this worker's Python has python-multilib"
    )
    with pytest.raises(AdjutantError, match=sentence):
        multilib_packages(workspace, multilib)


@needs_dnf4
def test_a_multilib_configuration_that_is_none(workspace: Workspace, multilib: MultilibRequest) -> None:
    multilib.config.write_text("no configuration\n")
    sentence = r"^multilib for x86_64 failed: the multilib configuration cannot be used: "
    with pytest.raises(AdjutantError, match=sentence):
        multilib_packages(workspace, multilib)

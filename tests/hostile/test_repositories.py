"""Repositories that somebody else has made: metadata, checksums, places, groups."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from koji_adjutant.buildroot.repository import attempts
from koji_adjutant.buildroot.resolving.metadata import Metadata
from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import (
    BuildrootConfig,
    Repository,
    TagOptions,
    for_repos,
)
from koji_adjutant.buildroot.specification.package_sources import PackageSources
from koji_adjutant.buildroot.specification.plan import PackageFile
from koji_adjutant.errors import AdjutantError, BuildrootError
from tests.integration.buildroot.fixtures import NewWorkspace
from tests.integration.buildroot.rpm_repository import make_packages, make_repository
from tests.support.http_server import serving_files

PRIMARY = b"<metadata packages='0'/>"
SHA256 = hashlib.sha256(PRIMARY).hexdigest()


def repomd(
    href: str = "repodata/primary.xml",
    checksum: str = SHA256,
    kind: str = "sha256",
    size: object = len(PRIMARY),
) -> str:
    """A repomd.xml that names one file."""
    return f"""\
<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary">
<checksum type="{kind}">{checksum}</checksum><size>{size}</size><location href="{href}"/>
</data></repomd>"""


ENTITY = f"""<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>{repomd(href="&e;")}"""


class Made(NamedTuple):
    """A repomd.xml, or what makes something else of the repository, and what is said of it."""

    repomd: str | Callable[[Path], None]
    refusal: str


def _pipe(name: str) -> Callable[[Path], None]:
    def make(repository: Path) -> None:
        (repository / name).unlink()
        os.mkfifo(repository / name)

    return make


def _directory(name: str) -> Callable[[Path], None]:
    def make(repository: Path) -> None:
        (repository / name).unlink()
        (repository / name).mkdir()

    return make


def _endless(name: str) -> Callable[[Path], None]:
    def make(repository: Path) -> None:
        (repository / name).unlink()
        (repository / name).symlink_to("/dev/zero")

    return make


def _large(name: str) -> Callable[[Path], None]:
    def make(repository: Path) -> None:
        os.truncate(repository / name, 1 << 30)

    return make


INDEX, FILE = "repodata/repomd.xml", "repodata/primary.xml"
OUTSIDE = "names a place outside of the repository"
ANOTHER = "is not what the repository's metadata says"

REPOSITORIES = {
    "nothing": Made("", "is not valid XML"),
    "no XML": Made("no XML", "is not valid XML"),
    "half of it": Made(repomd()[:100], "is not valid XML"),
    "a page of HTML": Made("<html><p>Moved<br></html>", "is not valid XML"),
    "an entity that nobody has declared": Made(repomd(href="&e;"), "is not valid XML"),
    "an entity that is a file of the host's": Made(ENTITY, "is not valid XML"),
    "a place above": Made(repomd("../primary.xml"), OUTSIDE),
    "a place above, later": Made(repomd("repodata/../../primary.xml"), OUTSIDE),
    "a place of the host's": Made(repomd("/etc/passwd"), OUTSIDE),
    "another server": Made(repomd("http://127.0.0.1/primary.xml"), OUTSIDE),
    "a file URL": Made(repomd("file:///etc/passwd"), OUTSIDE),
    "a file that is not there": Made(repomd("repodata/other.xml"), "there is no"),
    "another checksum": Made(repomd(checksum="0" * 64), ANOTHER),
    "half a checksum": Made(repomd(checksum=SHA256[:32]), ANOTHER),
    "no checksum": Made(repomd(checksum=""), "is no checksum"),
    "a checksum that is a path": Made(repomd(checksum="../../x"), "is no checksum"),
    "a kind of checksum that is a path": Made(repomd(kind="../x"), "is no checksum"),
    "a kind of checksum that nobody knows": Made(repomd(kind="crc8"), "cannot compute crc8 checksums"),
    "an index that is a pipe": Made(_pipe(INDEX), "is no regular file"),
    "an index that is a directory": Made(_directory(INDEX), "is no regular file"),
    "an index that never ends": Made(_endless(INDEX), "is no regular file"),
    "an index of a gigabyte": Made(_large(INDEX), "has more than the"),
    "a file that is a pipe": Made(_pipe(FILE), "is no regular file"),
    "a file that is a directory": Made(_directory(FILE), "is no regular file"),
    "a file that never ends": Made(_endless(FILE), "is no regular file"),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of no packages."""
    directory = tmp_path / "repository"
    (directory / "repodata").mkdir(parents=True)
    (directory / FILE).write_bytes(PRIMARY)
    (directory / INDEX).write_text(repomd())
    return directory


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is over in a moment."""
    monkeypatch.setattr(attempts, "PAUSES", ())


def of(location: str) -> BuildrootConfig:
    config = for_repos([], "x86_64", "build", network=False, options=TagOptions())
    return replace(config, repositories=[Repository("build", [location])])


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository(repository: Path, tmp_path: Path, name: str) -> None:
    Metadata(of(repository.as_uri())).fetch(tmp_path / "good")
    made = REPOSITORIES[name]
    if callable(made.repomd):
        made.repomd(repository)
    else:
        (repository / INDEX).write_text(made.repomd)
    with pytest.raises(AdjutantError) as refusal:
        Metadata(of(repository.as_uri())).fetch(tmp_path / "metadata")
    assert made.refusal in str(refusal.value)


SERVED = {
    "another file": Made(repomd(), ANOTHER),
    "a file that is longer than it says": Made(repomd(size=1), "has more than the"),
    "a size that is no number": Made(repomd(size="many"), ANOTHER),
    "a size below nothing": Made(repomd(size=-1), ANOTHER),
}


@pytest.mark.parametrize("name", SERVED)
def test_a_repository_of_a_server(repository: Path, tmp_path: Path, name: str) -> None:
    index = SERVED[name].repomd
    assert isinstance(index, str)
    (repository / INDEX).write_text(index)
    (repository / FILE).write_bytes(PRIMARY.replace(b"0", b"1"))
    with serving_files(tmp_path) as url, pytest.raises(BuildrootError) as refusal:
        Metadata(of(f"{url}/repository")).fetch(tmp_path / "metadata")
    assert SERVED[name].refusal in str(refusal.value)


PLACES = {
    "a file of the host's": ("file:///", "etc/shadow"),
    "a directory of the host's": ("/etc", "shadow"),
    "above the repository": ("{repository}", "../secret.rpm"),
    "above the repository, encoded": ("{repository}/%2e%2e", "secret.rpm"),
    "above it by the package's name": (None, "../secret.rpm"),
    "another protocol": ("ftp://127.0.0.1", "a.rpm"),
    "a program": ("ext::sh", "a.rpm"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_package_from(repository: Path, name: str) -> None:
    base, location = PLACES[name]
    url = repository.as_uri()
    package = PackageFile(
        "a-1-1.noarch", "sha256:aa", 1, "build", location, base and base.format(repository=url)
    )
    sources = PackageSources({"build": [url]}, [repository])
    with pytest.raises(BuildrootError, match="names a place that packages must not come from"):
        sources.check([package])


NAMES = (
    *("$(touch /x)", "-rf", "--installroot=/etc", "../../etc/passwd", "/etc/passwd", "@build", "*"),
    *("a\nb", "…", "", "a" * 5000),
)


def test_groups_that_name_nonsense(
    new_workspace: NewWorkspace, config: BuildrootConfig, repo: Path, tmp_path: Path
) -> None:
    """What there is no package of is passed over, as dnf does, and the root is the one without it."""
    for number, names in enumerate([[], NAMES]):
        (tmp_path / str(number)).mkdir()
        requests = "".join(f'<packagereq type="mandatory">{name}</packagereq>' for name in ["bash", *names])
        group = f"<group><id>nonsense</id><name>x</name><packagelist>{requests}</packagelist></group>"
        make_repository(tmp_path / str(number), group)
    keys = []
    for number in range(2):
        locations = [str(repo), str(tmp_path / str(number))]
        nonsense = for_repos(locations, config.arch, "nonsense", network=False, options=TagOptions())
        with open_buildroot(new_workspace(f"nonsense{number}"), nonsense) as root:
            keys.append(root.key)
    assert keys[0] == keys[1]


def test_packages_that_are_not_what_the_metadata_says(
    new_workspace: NewWorkspace, config: BuildrootConfig, repo: Path, tmp_path: Path
) -> None:
    """Nothing is installed of a package that somebody has exchanged."""
    own = tmp_path / "own"
    make_packages(own, {"exchanged-1": ""})
    group = '<group><id>only</id><name>x</name><packagelist><packagereq type="mandatory">exchanged'
    make_repository(own, f"{group}</packagereq></packagelist></group>")
    (package,) = own.rglob("exchanged-1-*.rpm")
    data = package.read_bytes()
    package.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    workspace = new_workspace("exchanged")
    locations = [str(own), str(repo)]
    exchanged = for_repos(locations, config.arch, "only", network=False, options=TagOptions())
    with (
        pytest.raises(BuildrootError, match=ANOTHER),
        open_buildroot(workspace, exchanged),
    ):
        pass

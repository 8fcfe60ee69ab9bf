"""Packages as they come, installed by this host's rpm: of any format, unsigned, with failing scriptlets."""

from __future__ import annotations

import platform
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.build_container import Privileges
from koji_adjutant.buildroot.layers.verification import verify
from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.toolbox import DEVICES
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.explanation import explain
from koji_adjutant.builds.failure import kojid_message_on_failure
from koji_adjutant.builds.root_command import ROOT_CAPABILITIES
from koji_adjutant.errors import BuildPrevented, BuildrootError, TaskStep
from tests.integration.buildroot.fixtures import NewWorkspace, spec
from tests.integration.buildroot.rpm_repository import rpmbuild
from tests.support.http_server import serving_files

FORMAT_6 = Path(__file__).parents[2] / "packages" / "hello-v6" / "hello-v6-1-1.noarch.rpm"
KNOWN_BY = "sha3-256::c5e9f747580d8eb4991227bf9aa5e5c0d0c29786e16e68b789d817d4ab491cf8"
COMPS = """\
<comps><group><id>small</id><name>small</name><packagelist>
<packagereq type="mandatory">bash</packagereq>
<packagereq type="mandatory">coreutils</packagereq>
{more}
</packagelist></group></comps>
"""
MOVES_DATA_AWAY = """\
%pretrans -p <lua>
local data = "/usr/share/thing/data"
local found = posix.stat(data)
if found and found.type == "directory" then assert(os.rename(data, data .. ".before")) end
"""

Small = Callable[..., BuildrootConfig]


@pytest.fixture
def small(repo: Path, tmp_path: Path) -> Small:
    """A small buildroot, of the test distribution and these files; ``group`` are further packages in it."""

    def make(*files: Path, group: str = "") -> BuildrootConfig:
        own = tmp_path / "own"
        own.mkdir()
        for file in files:
            shutil.copy(file, own)
        more = f'<packagereq type="mandatory">{group}</packagereq>' if group else ""
        (tmp_path / "comps.xml").write_text(COMPS.format(more=more))
        subprocess.run(["createrepo_c", "-q", "-g", str(tmp_path / "comps.xml"), str(own)], check=True)
        locations = [str(repo), str(own)]
        return for_repos(locations, platform.machine(), "small", network=False, options=TagOptions())

    return make


@pytest.fixture
def scripted(tmp_path: Path) -> Callable[[str], Path]:
    """A package with a scriptlet."""

    text = spec(
        "scripted",
        "BuildArch: noarch\nProvides: /usr/bin/no-such-interpreter\n",
        install="mkdir -p %{buildroot}/usr/share/scripted\necho data >%{buildroot}/usr/share/scripted/data",
        files="/usr/share/scripted",
    )
    return lambda scriptlet: made(tmp_path, "scripted", f"{text}{scriptlet}\n")


def made(place: Path, name: str, text: str) -> Path:
    """Make a package of version 1-1."""
    rpmbuild(place, text)
    return place / "noarch" / f"{name}-1-1.noarch.rpm"


@contextmanager
def added(workspace: Workspace, config: BuildrootConfig, package: str) -> Iterator[Buildroot]:
    """The buildroot, with a layer that has the package."""
    with open_buildroot(workspace, config) as root:
        root.install([package])
        yield root


def test_a_root_is_the_same_whichever_runtime_mounted_devices_in_it(
    small: Small, workspace: Workspace
) -> None:
    """crun would make the files that they are mounted on with mode 0700, runc with another."""
    with open_buildroot(workspace, small()) as root:
        assert root.key
        dev = workspace.cache.store.directory / "entries" / root.key / "root" / "dev"
        assert {(dev / name).stat().st_mode for name in DEVICES} == {stat.S_IFREG | 0o666}


@pytest.mark.parametrize("where", ["base", "layer"])
def test_a_package_of_format_6(small: Small, new_workspace: NewWorkspace, where: str) -> None:
    config = small(FORMAT_6, group="hello-v6" if where == "base" else "")
    workspace = new_workspace("earlier")
    with added(workspace, config, "hello-v6") as root:
        earlier = root.key
    assert earlier is not None
    workspace.cache.store.discard(earlier)  # it may be from a repository that is gone
    workspace = new_workspace("anew")
    with added(workspace, config, "hello-v6") as root:
        said = root.capture(["cat", "/usr/share/hello-v6/greeting", "/usr/share/hello-v6/scriptlet"])
        assert said == (0, b"hello\nhello-v6 has run its scriptlet\n")
        payloadhash = {package.name: package.payloadhash for package in root.installed_packages()}
        assert payloadhash["hello-v6"] == KNOWN_BY
        assert all(payloadhash.values())
        key = root.key
    assert key is not None
    with (workspace.resultdir / "verify.log").open("wb") as log:
        assert all(each.equal for each in verify(workspace, key, log))


def test_what_is_below_keeps_its_identity(
    small: Small, workspace: Workspace, scripted: Callable[[str], Path]
) -> None:
    config = small(FORMAT_6, scripted(""), group="hello-v6")
    with added(workspace, config, "scripted") as root:
        payloadhash = {package.name: package.payloadhash for package in root.installed_packages()}
        assert payloadhash["hello-v6"] == KNOWN_BY


def test_a_scriptlet_that_could_not_be_started(
    small: Small, workspace: Workspace, scripted: Callable[[str], Path]
) -> None:
    config = small(scripted("%post -p /usr/share/scripted/data"))
    with pytest.raises(BuildrootError, match="could not be installed"), added(workspace, config, "scripted"):
        pass
    log = (workspace.resultdir / "root.log").read_text()
    reason = "failed to exec scriptlet interpreter /usr/share/scripted/data: Permission denied"
    assert f"Error: {reason}\n" in log


def test_a_scriptlet_whose_failure_is_fatal(
    small: Small, workspace: Workspace, scripted: Callable[[str], Path]
) -> None:
    config = small(scripted("%pre\necho no luck; exit 3"))
    sentence = "packages could not be installed: scriptlet failed in scripted-1-1.noarch (%pre)"
    prevented(workspace, config, "scripted", "dependency", sentence, TaskStep.INSTALL)


@pytest.mark.parametrize(
    ("transactions", "sentence"),
    [
        (
            [["one", "two"]],
            "file /usr/share/shared conflicts between attempted installs of one-1-1.noarch "
            "and two-1-1.noarch",
        ),
        (
            [["one"], ["two"]],
            "file /usr/share/shared from install of two-1-1.noarch conflicts "
            "with file from package one-1-1.noarch",
        ),
    ],
    ids=["together", "one after the other"],
)
def test_packages_whose_files_conflict(
    small: Small, workspace: Workspace, tmp_path: Path, transactions: Sequence[Sequence[str]], sentence: str
) -> None:
    shared = "%{buildroot}/usr/share/shared"
    packages = [
        made(
            tmp_path,
            name,
            spec(
                name,
                "BuildArch: noarch",
                install=f"mkdir -p %{{buildroot}}/usr/share\necho {name} >{shared}",
                files="/usr/share/shared",
            ),
        )
        for name in ("one", "two")
    ]
    config = small(*packages)
    with open_buildroot(workspace, config) as root:
        for transaction in transactions[:-1]:
            root.install(transaction)
        with pytest.raises(BuildrootError) as failure:
            root.install(transactions[-1])
    why = explain(failure.value, workspace.resultdir)
    assert why.failure == "dependency"
    assert why.sentence == f"packages could not be installed: {sentence}"


def test_a_package_that_cannot_be_downloaded(
    small: Small, workspace: Workspace, scripted: Callable[[str], Path], tmp_path: Path
) -> None:
    """The metadata is still there, and the package is not any more."""
    local = small(scripted(""))
    repository = local.repositories[1]
    with serving_files(tmp_path / "own") as url:
        served = replace(repository, urls=(url,))
        config = replace(local, repositories=(local.repositories[0], served))
        (package,) = (tmp_path / "own").glob("scripted-*.rpm")
        package.unlink()
        sentence = f"there is no {url}/{package.name}"
        prevented(workspace, config, "scripted", "infrastructure", sentence, TaskStep.DOWNLOAD)


def prevented(
    workspace: Workspace, config: BuildrootConfig, package: str, failure: str, sentence: str, step: TaskStep
) -> None:
    """Assert that a build which needs the package fails like that, in a stock builder's words."""
    with (
        pytest.raises(BuildPrevented) as caught,
        kojid_message_on_failure("error building package (arch x86_64)"),
        added(workspace, config, package),
    ):
        pass
    assert str(caught.value).splitlines()[0] == (
        "error building package (arch x86_64), mock exited with status 30; see root.log for more information"
    )
    why = explain(caught.value, workspace.resultdir)
    assert (why.failure, why.sentence, why.step) == (failure, sentence, step)
    assert why.log == "root.log"


@pytest.mark.parametrize(
    ("scriptlet", "said"),
    [
        ("%post\nexit 3", "scriptlet failed, exit status 3"),
        ("%post\nno-such-program", "scriptlet failed, exit status 127"),
        ("%post -p /usr/bin/no-such-interpreter", "No such file or directory"),
    ],
)
def test_what_rpm_and_dnf_only_warn_of(
    small: Small, workspace: Workspace, scripted: Callable[[str], Path], scriptlet: str, said: str
) -> None:
    config = small(scripted(scriptlet))
    with added(workspace, config, "scripted") as root:
        assert root.capture(["cat", "/usr/share/scripted/data"]) == (0, b"data\n")
    assert said in (workspace.resultdir / "root.log").read_text()


def test_a_directory_of_a_lower_layer_can_be_renamed(
    small: Small, workspace: Workspace, tmp_path: Path
) -> None:
    """As guidelines recommend it for a directory that becomes a link; overlays forbid it by default."""
    old = spec(
        "thing-old",
        "BuildArch: noarch",
        install="""
        mkdir -p %{buildroot}/usr/share/thing/data
        echo old >%{buildroot}/usr/share/thing/data/file
        """,
        files="/usr/share/thing",
    )
    new = spec(
        "thing-new",
        "BuildArch: noarch\nConflicts: thing-old",
        install="""
        mkdir -p %{buildroot}/usr/share/thing/other
        echo new >%{buildroot}/usr/share/thing/other/file
        ln -s other %{buildroot}/usr/share/thing/data
        """,
        files="/usr/share/thing",
    )
    packages = [made(tmp_path, "thing-old", old), made(tmp_path, "thing-new", new + MOVES_DATA_AWAY)]
    config = small(*packages, group="thing-old")
    with added(workspace, config, "thing-new") as root:
        names = {package.name for package in root.installed_packages()}
        assert "thing-new" in names
        assert "thing-old" not in names
        assert root.capture(["readlink", "/usr/share/thing/data"]) == (0, b"other\n")
        assert root.capture(["cat", "/usr/share/thing/data/file"]) == (0, b"new\n")
        key = root.key
    assert key is not None
    with (workspace.resultdir / "verify.log").open("wb") as log:
        assert all(each.equal for each in verify(workspace, key, log))


def test_root_rebuilds_the_database_of_a_layer_below(repo: Path, workspace: Workspace) -> None:
    config = for_repos([str(repo)], platform.machine(), "build", network=False, options=TagOptions())
    with open_buildroot(workspace, config, Privileges(ROOT_CAPABILITIES)) as root:
        before = root.capture(["rpm", "-qa"])
        assert root.capture(["rpm", "--rebuilddb"])[0] == 0
        assert root.capture(["rpm", "-qa"]) == before

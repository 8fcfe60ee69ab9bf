"""Packages that a buildroot consists of, and that want more than that."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from koji_adjutant.buildroot.root import Privileges, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.root_command import ROOT_CAPABILITIES
from koji_adjutant.errors import BuildrootError

SPEC = """\
Name: hostile
Version: 1
Release: 1
Summary: It wants the host
License: MIT
BuildArch: noarch
Requires: bash coreutils
%description
It wants the host.
%install
{install}
{sections}
%files
/etc/*
"""

COMPS = """\
<comps><group><id>hostile</id><name>hostile</name><packagelist>
<packagereq type="mandatory">bash</packagereq>
<packagereq type="mandatory">coreutils</packagereq>
{hostile}
</packagelist></group></comps>
"""
HOSTILE = '<packagereq type="mandatory">hostile</packagereq>'

Hostile = Callable[..., BuildrootConfig]


@pytest.fixture
def hostile(repo: Path, tmp_path: Path) -> Hostile:
    """A small buildroot, and a package with what is installed, and with further sections, which is in it
    unless it is to be ``added``."""

    def make(install: str, sections: str = "", *, added: bool = False) -> BuildrootConfig:
        own = tmp_path / "own"
        (tmp_path / "hostile.spec").write_text(SPEC.format(install=install, sections=sections))
        (tmp_path / "comps.xml").write_text(COMPS.format(hostile="" if added else HOSTILE))
        define = ["--define", f"_rpmdir {own}", "--define", f"_topdir {tmp_path}"]
        build = ["rpmbuild", "-bb", "--quiet", "--nodeps", *define, str(tmp_path / "hostile.spec")]
        subprocess.run(build, check=True)
        subprocess.run(["createrepo_c", "-q", "-g", str(tmp_path / "comps.xml"), str(own)], check=True)
        locations = [str(repo), str(own)]
        return for_repos(locations, platform.machine(), "hostile", network=False, options=TagOptions())

    return make


def test_a_skeleton_with_links_to_the_hosts_files(
    workspace: Workspace, hostile: Hostile, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "passwd").write_text("root")
    config = hostile(
        f"""\
        mkdir -p %{{buildroot}}/etc/skel
        ln -s {victim}/passwd %{{buildroot}}/etc/skel/.rpmmacros
        ln -s {victim} %{{buildroot}}/etc/skel/build
        touch %{{buildroot}}/etc/skel/.hostile""",
        sections="%post\nmkfifo /etc/skel/pipe",
    )
    with open_buildroot(workspace, config) as root:
        listed = root.capture(["ls", "-A", "/builddir"])
        assert listed == (0, b".bash_logout\n.bashrc\n.hostile\n.profile\n.rpmmacros\nbuild\n")
        assert b"%_topdir /builddir/build" in root.capture(["cat", "/builddir/.rpmmacros"])[1]
    assert [path.name for path in victim.iterdir()] == ["passwd"]
    assert (victim / "passwd").read_text() == "root"


@pytest.mark.parametrize("name", ["passwd", "group"])
def test_a_pipe_where_the_engine_looks_users_up(workspace: Workspace, hostile: Hostile, name: str) -> None:
    config = hostile(
        "mkdir -p %{buildroot}/etc; touch %{buildroot}/etc/hostile",
        sections=f"%post\nrm /etc/{name}\nmkfifo /etc/{name}",
        added=True,
    )
    with open_buildroot(workspace, config) as root:
        root.install(["hostile"])
        with pytest.raises(BuildrootError, match=f"/etc/{name} of the buildroot is not what it should be"):
            root.capture(["true"])
        # nobody waits for a lock
        assert workspace.manager.list_containers({}) is not None


def test_a_pipe_that_a_command_put_where_the_engine_looks_users_up(
    workspace: Workspace, config: BuildrootConfig
) -> None:
    with open_buildroot(workspace, config, Privileges(ROOT_CAPABILITIES)) as root:
        assert root.capture(["sh", "-c", "rm /etc/passwd && mkfifo /etc/passwd"]) == (0, b"")
        with pytest.raises(BuildrootError, match="/etc/passwd of the buildroot is not what it should be"):
            root.capture(["true"])

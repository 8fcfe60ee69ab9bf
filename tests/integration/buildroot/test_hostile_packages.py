"""Packages that a buildroot consists of, and that want more than that."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from koji_adjutant.buildroot.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.workspace import Workspace

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
<packagereq type="mandatory">hostile</packagereq>
</packagelist></group></comps>
"""

Hostile = Callable[..., BuildrootConfig]


@pytest.fixture
def hostile(repo: Path, tmp_path: Path) -> Hostile:
    """A buildroot that has a package with what is installed, and with further sections."""

    def make(install: str, sections: str = "") -> BuildrootConfig:
        own = tmp_path / "own"
        (tmp_path / "hostile.spec").write_text(SPEC.format(install=install, sections=sections))
        (tmp_path / "comps.xml").write_text(COMPS)
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

"""Packages that a buildroot consists of, and that want more than that."""

from __future__ import annotations

import fcntl
import platform
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.buildroot.build_container import Privileges
from koji_adjutant.buildroot.layers import transaction
from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.toolbox import run_tool
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.root_command import ROOT_CAPABILITIES
from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.errors import BuildrootError, InstallTimeout
from tests.integration.buildroot.rpm_repository import rpmbuild

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
        (tmp_path / "comps.xml").write_text(COMPS.format(hostile="" if added else HOSTILE))
        rpmbuild(own, SPEC.format(install=install, sections=sections), "--nodeps")
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


def test_a_script_that_waits_for_ever(
    workspace: Workspace, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed, nobody waits for its lock any more, and of what it was making nothing is left."""
    config = hostile(
        "mkdir -p %{buildroot}/etc; touch %{buildroot}/etc/hostile",
        sections="%post\nwhile :; do sleep 1000; done",
        added=True,
    )
    store = workspace.cache.store

    def impatient(workspace: Workspace, *arguments: Any, **options: Any) -> int:
        return run_tool(replace(workspace, install_timeout=5), *arguments, **options)

    with open_buildroot(workspace, config) as root:
        before = {*(store.directory / "staging").iterdir()}
        monkeypatch.setattr(transaction, "run_tool", impatient)
        with pytest.raises(InstallTimeout, match=r"^installing packages, .* within 5 seconds"):
            root.install(["hostile"])
        assert {*(store.directory / "staging").iterdir()} <= before
        label = {LABEL_PREFIX + "task_id": workspace.owner.task_id, LABEL_PREFIX + "role": "install"}
        assert workspace.manager.list_containers(label) == []
        for lock in (store.directory / "locks").glob("*.compose"):
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert "(install_timeout) and was stopped" in (workspace.resultdir / "root.log").read_text()

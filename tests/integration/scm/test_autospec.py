"""Spec files that leave their release and changelog to the history of their repository."""

from __future__ import annotations

import pytest

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.errors import BuildFailed
from koji_adjutant.rpm.header import RpmHeader, Tag
from tests.integration.scm.conftest import Make
from tests.support.git_daemon import GitServer

DIST = ".demo1"
"""The test distribution's %dist, which %autorelease ends with."""
SPEC = """\
Name: auto
Version: {version}
Release: %autorelease
Summary: Released by its history
License: MIT
BuildArch: noarch
%description
Nothing.
%files
%changelog
%autochangelog
"""


def commit(server: GitServer, text: str, message: str) -> None:
    server.commit("auto", {"auto.spec": text})
    server.git("auto", "commit", "--quiet", "--amend", f"--message={message}")


def test_release_and_changelog_come_from_the_history(server: GitServer, make: Make) -> None:
    commit(server, SPEC.format(version=1), "Begin")
    commit(server, SPEC.format(version=2), "Update to 2")
    commit(server, SPEC.format(version=2) + "# more\n", "Say more")
    made = make(server.url("auto", "main"))
    assert made.srpm.name == f"auto-2-2{DIST}.src.rpm"
    header = RpmHeader(made.srpm)
    assert header.texts(Tag.CHANGELOGTEXT) == ["- Say more", "- Update to 2", "- Begin"]


def test_macros_are_the_buildroots(server: GitServer, make: Make, workspace: Workspace) -> None:
    """The tool image's rpm does not know them, and a version that cannot be expanded counts nothing."""
    commit(server, SPEC.format(version="%{?vendor:3}"), "Begin")
    assert make(server.url("auto", "main")).srpm.name == f"auto-3-1{DIST}.src.rpm"
    log = (workspace.resultdir / "build.log").read_text()
    assert "Filling in /builddir/scmroot/auto/auto.spec with rpmautospec " in log


def test_a_spec_that_cannot_be_parsed(server: GitServer, make: Make, workspace: Workspace) -> None:
    commit(server, SPEC.format(version="1\nNonsense here"), "Begin")
    with pytest.raises(BuildFailed, match=r"error building srpm, .*\nrpmautospec could not process the spec"):
        make(server.url("auto", "main"))
    assert "Nonsense" in (workspace.resultdir / "build.log").read_text()


def test_a_spec_whose_macros_put_something_else_in_the_results_place(
    server: GitServer, make: Make, workspace: Workspace
) -> None:
    """rpm expands them when it reads the spec file: in a container that has the sources and no more."""
    moved = (
        "%(ln -sf /etc/passwd /work/filled-in.spec; chmod 500 /work; touch /builddir/x 2>/dev/null && echo 9)"
    )
    commit(server, SPEC.format(version=f"1{moved}"), "Begin")
    with pytest.raises(BuildFailed, match=r"error building srpm"):
        make(server.url("auto", "main"))
    assert "root:x" not in (workspace.resultdir / "build.log").read_text()


def test_others_are_left_alone(server: GitServer, make: Make, workspace: Workspace) -> None:
    commit(server, SPEC.format(version=1).replace("%autorelease", "7").replace("%autochangelog", ""), "Begin")
    assert make(server.url("auto", "main")).srpm.name == "auto-1-7.src.rpm"
    assert "rpmautospec" not in (workspace.resultdir / "build.log").read_text()

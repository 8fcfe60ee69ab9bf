"""Packages that have device nodes: they can be installed, without those."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from koji_adjutant.buildroot.layers.verification import verify
from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.workspace import Workspace
from tests.integration.buildroot.rpm_repository import make_repository, rpmbuild

GROUP = """\
<group><id>small</id><name>small</name><packagelist>
<packagereq type="mandatory">bash</packagereq>
<packagereq type="mandatory">coreutils</packagereq>
{more}
</packagelist></group>
"""

# A named's chroot, an old udev with what the container has itself, and a disk: a RAM disk's numbers, which
# nobody has anything on.
SPEC = """\
Name: nodes
Version: 1
Release: 1
Summary: Device nodes
License: MIT
BuildArch: noarch
%description
Device nodes.
%install
mkdir -p %{buildroot}/var/chroot
echo data > %{buildroot}/var/chroot/data
%files
/var/chroot/data
%dev(c,1,3) %attr(0666,root,root) /var/chroot/dev/null
%dev(b,1,0) %attr(0666,root,root) /var/chroot/dev/disk
%dev(c,1,3) %attr(0666,root,root) /dev/null
%dev(c,5,1) %attr(0600,root,root) /dev/console
"""


@pytest.fixture(params=["base", "layer"])
def where(request: pytest.FixtureRequest) -> str:
    """Whether the package is in the group, or installed later."""
    name: str = request.param
    return name


@pytest.fixture
def with_nodes(repo: Path, tmp_path: Path, where: str) -> BuildrootConfig:
    own = tmp_path / "own"
    rpmbuild(own, SPEC)
    more = '<packagereq type="mandatory">nodes</packagereq>' if where == "base" else ""
    make_repository(own, GROUP.format(more=more))
    return for_repos([str(repo), str(own)], platform.machine(), "small", network=False, options=TagOptions())


def test_device_nodes_are_left_out(workspace: Workspace, with_nodes: BuildrootConfig, where: str) -> None:
    with open_buildroot(workspace, with_nodes) as root:
        if where == "layer":
            root.install(["nodes"])
        assert root.capture(["cat", "/var/chroot/data"]) == (0, b"data\n")
        listed = root.capture(["stat", "-c", "%F %a %U", "/var/chroot/dev"])
        assert listed == (0, b"directory 755 root\n")
        assert root.capture(["ls", "-A", "/var/chroot/dev"]) == (0, b"")
        # /dev is the container's own
        assert root.capture(["stat", "-c", "%F", "/dev/null"]) == (0, b"character special file\n")
        assert "nodes" in {package.name for package in root.installed_packages()}
        key = str(root.key)
    log = (workspace.resultdir / "root.log").read_text(errors="replace")
    for node in ("/var/chroot/dev/null", "/var/chroot/dev/disk", "/dev/null", "/dev/console"):
        assert f"Warning: the device node {node} is left out" in log
    with (workspace.resultdir / "verify.log").open("ab", buffering=0) as sink:
        with_the_package = verify(workspace, key, sink)[-1]
    assert with_the_package.equal, with_the_package.differences

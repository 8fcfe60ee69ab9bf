"""Packages' scripts run as root while a buildroot is installed: what they can do, and what they leave."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_repos
from koji_adjutant.buildroot.toolbox import INSTALL_CAPABILITIES
from koji_adjutant.container.interface import ContainerSpec
from koji_adjutant.errors import BuildrootError
from tests.hostile.probes import (
    Answer,
    Probe,
    answers,
    asking,
    check,
    hosts_words,
    immutable,
    mount,
    printing,
    unmount,
)
from tests.integration.buildroot.fixtures import NewWorkspace
from tests.integration.buildroot.rpm_repository import rpmbuild

SPEC = """\
Name: {name}
Version: 1
Release: 1
Summary: It wants the host
License: MIT
BuildArch: noarch
Requires: bash coreutils
%description
It wants the host.
{sections}
%files
"""

NUMBERS = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_FOWNER": 3,
    "CAP_FSETID": 4,
    "CAP_SETGID": 6,
    "CAP_SETUID": 7,
    "CAP_SYS_CHROOT": 18,
    "CAP_SETFCAP": 31,
}
"""Linux's, of the capabilities that installing takes: whoever adds one there thinks about it here."""
ALLOWED = f"{sum(1 << NUMBERS[name] for name in INSTALL_CAPABILITIES):016x}"


PLACE = "/var/log/probes"

PROBES = {
    "its user": Probe("id -u", "0"),
    "effective capabilities": Probe("grep CapEff: /proc/self/status | cut -f2", ALLOWED),
    "permitted capabilities": Probe("grep CapPrm: /proc/self/status | cut -f2", ALLOWED),
    "capabilities that there can be": Probe("grep CapBnd: /proc/self/status | cut -f2", ALLOWED),
    "capabilities handed down": Probe("grep -h 'Cap[IA]' /proc/self/status | cut -f2 | uniq", "0" * 16),
    "new privileges": Probe("grep NoNewPrivs: /proc/self/status | cut -f2", "1"),
    "system calls": Probe("grep Seccomp: /proc/self/status | cut -f2", "2"),
    "interfaces": Probe("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '", "lo"),
    "a server of the host, at its loopback": Probe("exec 3<>/dev/tcp/127.0.0.1/{port}"),
    "a server of the host, at its address": Probe("exec 3<>/dev/tcp/{address}/{port}"),
    "kernel settings": Probe("echo x > /proc/sys/kernel/hostname"),
    "the kernel's emergency keys": Probe("test -w /proc/sysrq-trigger"),
    "the kernel's memory": Probe("head -c 1 /dev/mem /dev/kmem /proc/kcore 2>/dev/null | grep -q ."),
    "another host name": Probe("hostname x"),
    "/sys": Probe("ls -A /sys | grep -q ."),
    "a mount": Probe(mount("none", "/mnt", "tmpfs", "0")),
    "no /proc": Probe(unmount("/proc")),
    "a character device": Probe("mknod /x c 1 3"),
    "a block device": Probe("mknod /x b 7 0"),
    "disks": Probe("find /dev -type b | grep -q ."),
    "devices": Probe("cd /dev && echo *", "fd full null random stderr stdin stdout urandom zero"),
    "another mode for /dev/null": Probe("chmod 777 /dev/null"),
    "another owner for /dev/null": Probe("chown 1000 /dev/null"),
    "another time for /dev/null": Probe("touch -d 2001-01-01 /dev/null"),
    "no /dev/null": Probe("rm -f /dev/null"),
    "the host's /dev/null, by what installs": Probe("[ /proc/1/fd/0 -ef /dev/null ]"),
    "another /dev/null": Probe("mv /dev/zero /dev/null"),
    "writing to /dev/null": Probe("echo x > /dev/null && echo fine", "fine"),
    "a file that nobody can remove": Probe(immutable("/x")),
    "the packages": Probe("ls -d /packages"),
    "what installs them": Probe("ls -d /work /adjutant"),
    "processes of the host": Probe("[ $(ls -d /proc/[0-9]* | wc -l) -gt 20 ]"),
    "ending what installs": Probe("kill -KILL 1; echo goes on", "goes on"),
    "secrets of the worker's": Probe("env | grep -Eqi 'containers_conf|adjutant|passw|token|koji'"),
}
"""Asked in the root, which is where rpm runs scripts. They leave ``/x`` at most."""

LEAVES = """\
mkdir -p /var/lib/left
cd /var/lib/left
ln -s /etc/hostname-of-the-host link
mkfifo pipe
cp /usr/bin/id setuid
chmod 6755 setuid
touch open
chmod 666 open
"""

SCRIPT = """\
%post -p /bin/bash
cd /
{asked}
rm -f /x
{leaves}
exit 0
"""


FAILING = {
    "a %pre that fails": "%pre -p /bin/bash\nexit 1",
    "a %prein in lua that fails": "%pre -p <lua>\nerror('no')",
}


@pytest.fixture(scope="module")
def scripted(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuildrootConfig]:
    """A repository with all of this module's packages, beside the distribution."""
    with hosts_words() as words:
        # the text goes through rpm's macros
        asked = asking(PROBES, words, PLACE).replace("%", "%%")
        own = tmp_path_factory.mktemp("scripted")
        rpmbuild(
            own, SPEC.format(name="probing", sections=SCRIPT.format(asked=asked, leaves=LEAVES)), "--nodeps"
        )
        for number, sections in enumerate(FAILING.values()):
            rpmbuild(own, SPEC.format(name=f"failing{number}", sections=sections), "--nodeps")
        subprocess.run(["createrepo_c", "-q", str(own)], check=True)
        locations = [str(repo), str(own)]
        yield for_repos(locations, platform.machine(), "build", network=False, options=TagOptions())


@pytest.fixture(scope="module")
def probed(new_workspace: NewWorkspace, scripted: BuildrootConfig) -> Iterator[Buildroot]:
    """A buildroot in which the package that probes has been installed."""
    with open_buildroot(new_workspace("probed"), scripted) as root:
        assert root.install(["probing"]).changes
        yield root


@pytest.fixture(scope="module")
def answered(probed: Buildroot) -> Mapping[str, Answer]:
    """What each probe answered."""
    status, said = probed.capture(["/bin/bash", "-c", printing(PROBES, PLACE)])
    assert status == 0, said
    return answers(PROBES, said)


@pytest.mark.parametrize("name", PROBES)
def test_a_script(answered: Mapping[str, Answer], name: str) -> None:
    check(PROBES[name], answered[name])


def test_the_hosts_devices_are_as_they_were(answered: object) -> None:
    assert Path("/dev/null").stat().st_mode & 0o7777 == 0o666


def test_what_a_script_has_left(probed: Buildroot, cache: Cache) -> None:
    """A link leads nowhere, a setuid program is nobody but its user's, and no user of the host gets there."""
    look = "cd /var/lib/left; cat link 2>/dev/null; ./setuid -u; ls -1; echo x > open; cat open"
    _status, said = probed.capture(["/bin/bash", "-c", look])
    assert said.decode().split() == ["1000", "link", "open", "pipe", "setuid", "x"]
    assert cache.store.directory.stat().st_mode & 0o077 == 0
    left = list((cache.store.directory / "entries").glob("*/root/var/lib/left/open"))
    assert [path.read_text() for path in left] == [""]


def test_what_is_seen_of_other_packages(
    new_workspace: NewWorkspace, scripted: BuildrootConfig, cache: Cache
) -> None:
    """An installation sees the packages that it installs, read-only, although many others are there."""
    workspace = new_workspace("seen")
    seen: list[tuple[bool, Sequence[str]]] = []

    def look(_name: str, spec: ContainerSpec) -> None:
        seen.extend(
            (mount.read_only, sorted(path.name for path in mount.source.iterdir()))
            for mount in spec.mounts
            if str(mount.target) == "/packages"
        )

    with open_buildroot(workspace, scripted) as root, workspace.manager.on_create(look):
        plan = root.install(["zlib-devel"])
    kept = [package.checksum.replace(":", "-") + ".rpm" for package in plan.install]
    assert seen == [(True, sorted(kept))]
    assert cache.packages.size()[0] > len(kept)


@pytest.mark.parametrize("name", FAILING)
def test_an_installation_that_fails_leaves_nothing(
    new_workspace: NewWorkspace, scripted: BuildrootConfig, cache: Cache, name: str
) -> None:
    number = list(FAILING).index(name)
    before = {usage.key for usage in cache.store.usages()}
    with open_buildroot(new_workspace(f"failing{number}"), scripted) as root:
        key = root.key
        with pytest.raises(BuildrootError, match="packages could not be installed"):
            root.install([f"failing{number}"])
        assert root.key == key
        assert root.capture(["/bin/echo", "fine"]) == (0, b"fine\n")
    made = {usage.key for usage in cache.store.usages()} - before
    assert not any((cache.store.entry(key) / "root").exists() for key in made)
    assert [*(cache.store.directory / "staging").iterdir()] == []

"""A buildroot as a build sees it, and what is left of it afterwards."""

from __future__ import annotations

import os
import platform
import re
import socket
import stat
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import pytest

from koji_adjutant.buildroot.cache.downloads import PackageCache
from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig, Repository, TagOptions, for_repos
from koji_adjutant.buildroot.specification.lock import NAME as LOCK
from koji_adjutant.buildroot.tool.furnish import HOSTS
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container import stopped
from koji_adjutant.container.interface import LABEL_PREFIX, VolumeMount
from koji_adjutant.errors import BuildFailed, BuildrootError, BuildTimeout, DependencyError
from tests.integration.buildroot.fixtures import NewWorkspace
from tests.integration.buildroot.rpm_repository import rpmbuild
from tests.support.http_server import CREDENTIALS, ProtectedFiles, serving


def output(root: Buildroot, script: str) -> str:
    status, data = root.capture(["bash", "--login", "-c", script])
    assert status == 0, data
    return data.decode()


def test_what_a_build_finds(workspace: Workspace, config: BuildrootConfig) -> None:
    with open_buildroot(workspace, config) as root:
        assert output(root, "id -u; id -g; id -un; id -gn").split() == ["1000", "135", "mockbuild", "mock"]
        capabilities = output(root, "grep -h ^Cap /proc/self/status").split()[1::2]
        assert set(capabilities) == {"0000000000000000"}
        assert output(root, "grep NoNewPrivs /proc/self/status").split()[1] == "1"
        assert output(root, "grep Seccomp: /proc/self/status").split()[1] == "2"
        assert output(root, "pwd; echo $HOME $LANG $HOSTNAME").split() == [
            "/builddir",
            "/builddir",
            "C.UTF-8",
            "mock",
        ]
        assert output(root, "hostname").strip() == platform.node()
        assert output(root, "rpm --eval '%{_topdir} %{vendor} %{_host}'").split() == [
            "/builddir/build",
            "Koji",
            "x86_64-koji-linux-gnu",
        ]
        assert output(root, "cat /etc/hosts") == f"{HOSTS}127.0.1.1 {platform.node()}\n"
        assert output(root, "getent ahosts $(hostname)").split()[0] == "127.0.1.1"
        assert output(root, "cat /etc/resolv.conf") == ""
        interfaces = output(root, "tail -n +3 /proc/net/dev | cut -d: -f1")
        assert interfaces.split() == ["lo"]
        seen = output(root, "rpm -qa --qf '%{nevra}\\n'").split()
        reported = root.installed_packages()
    assert sorted(seen) == sorted(package.nevra for package in reported)
    known_by = re.compile("[0-9a-f]{32}|sha3-256::[0-9a-f]{64}")
    assert all(known_by.fullmatch(package.payloadhash) and package.size >= 0 for package in reported)


def test_a_build_sees_what_it_is_given_of_the_host(
    workspace: Workspace, config: BuildrootConfig, tmp_path: Path
) -> None:
    """Before and after an installation. The socket answers; the host's device is for its group alone."""
    lent, shared = tmp_path / "lent", tmp_path / "shared"
    for directory in (lent, shared):
        directory.mkdir()
        directory.chmod(0o777)
    (lent / "word").write_text("lent\n")
    device = Path(f"/dev/adjutant-test-{os.getpid()}")
    os.mknod(device, stat.S_IFCHR | 0o660, os.makedev(1, 5))
    with ExitStack() as stack:
        stack.callback(device.unlink)
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(lent / "socket"))
        (lent / "socket").chmod(0o666)
        listener.listen()
        given = replace(
            config,
            build_mounts=(
                VolumeMount(lent, PurePosixPath("/etc/lent"), read_only=True),
                VolumeMount(shared, PurePosixPath("/var/shared")),
                VolumeMount(lent / "word", PurePosixPath("/usr/share/word"), read_only=True),
            ),
            build_devices=(device,),
        )
        root = stack.enter_context(open_buildroot(workspace, given))
        for _ in range(2):
            assert output(root, "cat /etc/lent/word /usr/share/word") == "lent\nlent\n"
            assert output(root, "touch /etc/lent/new || echo no").endswith("no\n")
            assert output(root, f"head -c 3 {device} | od -An -tx1").split() == ["00"] * 3
            output(root, "echo built >>/var/shared/by-the-build")
            root.install(["zlib-devel"])
        connect = "connect(S, pack_sockaddr_un('/etc/lent/socket')) or die $!"
        perl = f"use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); {connect}"
        output(root, f'perl -e "{perl}"')
        assert root.capture(["cat", "/dev/kmsg"])[0] != 0
        # what the packages' own programs do there is nobody's: root could read what is root's
        assert output(root, "stat -c %u /proc/1").strip() == "65534"
    assert (shared / "by-the-build").read_text() == "built\nbuilt\n"
    assert not device.exists()


def test_a_root_without_them_sees_none(workspace: Workspace, config: BuildrootConfig) -> None:
    """Also the composed root is the same as without: what is mounted is in no layer."""
    with open_buildroot(workspace, config) as root:
        assert root.capture(["ls", "-d", "/etc/lent", "/var/shared", "/usr/share/word"])[0] != 0


def test_rpmbuild_knows_its_host(workspace: Workspace, config: BuildrootConfig) -> None:
    """And does not warn that it could not canonicalize the name, in each log."""
    text = "Name: a\nVersion: 1\nRelease: 1\nSummary: A test\nLicense: MIT\n%description\nA test.\n%files\n"
    with open_buildroot(workspace, config) as root:
        (root.home / "a.spec").write_text(text)
        said = output(root, "rpmbuild -bb a.spec 2>&1")
        assert "anonicalize" not in said
        found = output(root, "rpm -qp --qf '%{buildhost}' build/RPMS/a-1-1.x86_64.rpm")
    assert found == platform.node()


def test_a_repository_s_password_is_seen_by_nobody(workspace: Workspace, repo: Path, tmp_path: Path) -> None:
    """But the repository is read, and its packages are downloaded, with it."""
    with serving(partial(ProtectedFiles, directory=str(repo))) as url:
        private = url.replace("://", f"://{CREDENTIALS}@")
        config = for_repos([private], "x86_64", "build", network=False, options=TagOptions())
        with open_buildroot(workspace, config) as root:
            (package,) = root.install(["popt-devel"]).install[:1]
        with PackageCache(tmp_path / "packages").holding([package], {"build": [private]}) as found:
            assert found[0].stat().st_size == package.size
        lacking = replace(package, location="x.rpm", checksum="sha256:0")
        with (
            pytest.raises(BuildrootError) as failure,
            PackageCache(tmp_path / "packages").holding([lacking], {"build": [private]}),
        ):
            pass
    assert f"there is no {url.replace('://', '://me:***@')}/x.rpm" in str(failure.value)
    files = {path.name: path.read_bytes() for path in workspace.resultdir.iterdir()}
    assert LOCK in files
    assert [name for name, data in files.items() if b"geheim" in data] == []
    assert f"baseurl={url}\n".encode() in files["koji.repo"]


def test_logs(workspace: Workspace, config: BuildrootConfig) -> None:
    config = replace(config, without_effect=["mock.new_chroot", "mock.x"])
    with open_buildroot(workspace, config) as root:
        output(root, "true")
        root.list_installed_packages()
    files = {path.name: path.read_text() for path in workspace.resultdir.iterdir()}
    assert "Start: chroot init" in files["state.log"]
    assert "Finish: chroot init" in files["state.log"]
    assert files["root.log"].startswith("Warning: of the tag, without effect here: mock.new_chroot, mock.x\n")
    assert "Installed packages:" in files["root.log"]
    assert "bash-" in files["installed_pkgs.log"]
    assert "Linux" in files["hw_info.log"]
    assert "baseurl=file://" in files["koji.repo"]
    assert "%_topdir /builddir/build" in files["macros.koji"]
    assert "podman" in files["container.log"]


def test_the_init_script_starts_the_same_root(workspace: Workspace, config: BuildrootConfig) -> None:
    with open_buildroot(workspace, config) as root:
        output(root, "echo mine > /builddir/here")
        script = workspace.resultdir / "buildroot-init.sh"
        lines = script.read_text().strip().splitlines()
        assert lines[-1].endswith("/bin/bash --login")
        # there is no terminal here
        script.write_text(
            "\n".join([*lines[:-1], lines[-1].replace(" -it ", " ") + " -c 'rpm -q bash; cat here'"])
        )
        result = subprocess.run([script], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith("bash-")
        assert result.stdout.endswith("\nmine\n")


def test_a_network_for_those_who_need_one(workspace: Workspace, config: BuildrootConfig) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        open_buildroot(replace(workspace, network_mode="host"), replace(config, network=True)) as root,
    ):
        assert (
            output(root, f"exec 3<>/dev/tcp/127.0.0.1/{server.getsockname()[1]} && echo reached")
            == "reached\n"
        )


def test_the_build_user_cannot_change_the_system(workspace: Workspace, config: BuildrootConfig) -> None:
    attempts = [
        "touch /x",
        "mv /usr /usr2",
        "touch /usr/bin/x",
        "rm /etc/passwd",
        "mknod /tmp/x c 1 3",
        "chroot / id",
    ]
    attempts += ["echo x > /var/lib/rpm/x", "mount -t tmpfs none /mnt", "kill -9 1"]
    with open_buildroot(workspace, config) as root:
        for attempt in attempts:
            status, _ = root.capture(["bash", "-c", attempt])
            assert status != 0, attempt
        assert output(root, "test -w /tmp && test -w /var/tmp && test -w /builddir && echo fine") == "fine\n"


def snapshot(top: Path) -> dict[str, tuple[int, int, int, int, int]]:
    """Everything about a tree that a modification would change, but for directories' access times."""
    found = {}
    for directory, names, files in os.walk(top):
        for name in (".", *names, *files):
            path = Path(directory) / name
            status = path.lstat()
            found[str(path)] = (
                status.st_mode,
                status.st_uid,
                status.st_size,
                status.st_mtime_ns,
                status.st_ino,
            )
    return found


def test_the_entry_in_the_store_never_changes(new_workspace: NewWorkspace, config: BuildrootConfig) -> None:
    first = new_workspace("first")
    with open_buildroot(first, config):
        pass
    (entry,) = [
        path
        for path in (first.cache.store.directory / "entries").iterdir()
        if path.name in (first.resultdir / "root.log").read_text()
    ]
    before = snapshot(entry)
    with open_buildroot(new_workspace("second"), config) as root:
        root.install(["libyaml-devel"])
        output(root, "echo x > /tmp/x; rm -rf /builddir/build; echo y > /var/tmp/y")
    assert snapshot(entry) == before


def test_nothing_survives_a_step(workspace: Workspace, config: BuildrootConfig) -> None:
    with open_buildroot(workspace, config) as root:
        output(root, "(setsid sleep 1000 >/dev/null 2>&1 &) ; sleep 1000 & disown -a")
        left = output(root, "for p in /proc/[0-9]*; do stat -c '%u %n' $p; done | grep -c '^1000 ' || true")
        # the shell itself, what it runs for this question, and nothing else
        assert "sleep" not in output(
            root, "cat /proc/[0-9]*/comm | sort | uniq -c | grep -v ' 1 sleep' || true"
        )
        assert int(left) <= 6


def test_a_step_that_takes_too_long(workspace: Workspace, config: BuildrootConfig) -> None:
    log = workspace.resultdir / "build.log"
    with open_buildroot(workspace, config) as root, pytest.raises(BuildTimeout, match="within 1 seconds"):
        root.run(["sleep", "1000"], log=log, timeout=1)
    assert "was killed" in log.read_text()


@pytest.mark.parametrize(
    "script",
    [
        # the second one leaves something that runs
        "kill -STOP $PPID",
        "(setsid sleep 100000 >/dev/null 2>&1 &); kill -STOP $PPID",
    ],
    ids=["over", "leftover"],
)
def test_a_step_that_stops_its_own_shell(
    workspace: Workspace, config: BuildrootConfig, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(stopped, "LOOK_SECONDS", 0.1)
    log = workspace.resultdir / "build.log"
    with (
        open_buildroot(workspace, config) as root,
        pytest.raises(BuildFailed, match="has stopped the shell that its step runs in"),
    ):
        root.run(["bash", "-c", script], log=log)
    assert "has stopped the shell" in log.read_text()


def test_a_step_that_continues_its_own_shell(workspace: Workspace, config: BuildrootConfig) -> None:
    with open_buildroot(workspace, config) as root:
        assert output(root, "kill -STOP $PPID; kill -CONT $PPID; echo done") == "done\n"


def test_install_by_name_and_by_what_is_provided(workspace: Workspace, config: BuildrootConfig) -> None:
    with open_buildroot(workspace, config) as root:
        assert root.install(["libyaml-devel"]).changes
        names = {package.name for package in root.installed_packages()}
        assert "libyaml-dev" in names or "libyaml-devel" in names
        assert not root.install(["libyaml-devel"]).changes
        # the root's own rpm sees what was installed from outside
        assert output(root, "rpm -q --whatprovides libyaml-devel").strip()
        with pytest.raises(DependencyError, match="nothing provides no-such-package"):
            root.install(["no-such-package"])


NOSY = """
Name: nosy
Version: 1
Release: 1
Summary: Its script looks around
License: MIT
BuildArch: noarch
Requires: bash
%description
It wants to know where it runs.
%post -p /bin/bash
cut -d: -f1 /proc/self/status | head -1 > /var/log/nosy
tail -n +3 /proc/net/dev | cut -d: -f1 >> /var/log/nosy
echo changed > /proc/sys/kernel/hostname || echo read-only >> /var/log/nosy
%files
"""


def test_scripts_of_packages_have_proc_but_no_network(
    workspace: Workspace, repo: Path, tmp_path: Path
) -> None:
    own = tmp_path / "repo"
    rpmbuild(own, NOSY, "--nodeps")
    subprocess.run(["createrepo_c", "--quiet", str(own)], check=True)
    config = for_repos(
        [str(repo), str(own)], platform.machine(), "build", network=False, options=TagOptions()
    )

    with open_buildroot(workspace, config) as root:
        root.install(["nosy"])
        assert output(root, "cat /var/log/nosy").split() == ["Name", "lo", "read-only"]


def test_a_group_that_is_not_there(workspace: Workspace, config: BuildrootConfig) -> None:
    staging = workspace.cache.store.directory / "staging"
    before = {*staging.iterdir()}
    with (
        pytest.raises(
            BuildrootError, match=r"could not init mock buildroot, .* see root\.log .*\n.*no-such-group"
        ),
        open_buildroot(workspace, replace(config, group="no-such-group")),
    ):
        pass
    assert {*staging.iterdir()} <= before


def test_a_repository_that_is_not_there(workspace: Workspace, config: BuildrootConfig) -> None:
    nowhere = replace(config, repositories=[Repository("build", ["http://127.0.0.1:9/x"])])
    with (
        pytest.raises(
            BuildrootError,
            match=r"could not init mock buildroot, .*\n.*127\.0\.0\.1:9/x.*cannot be downloaded",
        ),
        open_buildroot(workspace, nowhere),
    ):
        pass


def test_an_exception_leaves_no_container(workspace: Workspace, config: BuildrootConfig) -> None:
    label = {LABEL_PREFIX + "task_id": workspace.owner.task_id}
    with pytest.raises(KeyboardInterrupt), open_buildroot(workspace, config):
        raise KeyboardInterrupt
    assert workspace.manager.list_containers(label) == []


def test_macros_and_environment_of_a_tag_arrive(workspace: Workspace, repo: Path) -> None:
    plain = for_repos([str(repo)], "x86_64", "build", network=False, options=TagOptions(vendor="Some Vendor"))
    config = replace(
        plain,
        macros={**plain.macros, "%dist": ".tag7"},
        environment={**plain.environment, "FROM_TAG": "a b"},
    )
    with open_buildroot(workspace, config) as root:
        assert output(root, "rpm --eval '%dist %vendor'") == ".tag7 Some Vendor\n"
        assert output(root, 'echo "$FROM_TAG"') == "a b\n"


def test_limits_of_the_worker_s_configuration(workspace: Workspace, config: BuildrootConfig) -> None:
    """kojid's RLIMIT_NOFILE, soft and hard."""
    limits = replace(workspace.limits, rlimits={"nofile": (64, 128)})
    limited = replace(workspace, limits=limits)
    with open_buildroot(limited, config) as root:
        assert root.capture(["bash", "-c", "ulimit -Sn; ulimit -Hn"]) == (0, b"64\n128\n")

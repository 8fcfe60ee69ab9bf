"""What a build may not do, asked for politely: every probe runs as the build user, in one buildroot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.step import Preparation
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

PLACE = "/var/tmp/probes"
NOTHING = "0000000000000000"

PROBES = {
    # the system
    "a file in /": Probe("touch /x"),
    "a file in /usr": Probe("touch /usr/bin/x"),
    "another /usr": Probe("mv /usr /usr2"),
    "another program": Probe("cp /bin/true /bin/ls"),
    "a line in /etc/passwd": Probe("echo x >> /etc/passwd"),
    "no /etc/passwd": Probe("rm -f /etc/passwd"),
    "a file in /etc/rpm": Probe("touch /etc/rpm/macros.x"),
    "a file of the rpm database": Probe('touch "$(rpm --eval %_dbpath)/x"'),
    "another mode for the root": Probe("chmod 777 /"),
    "passwords": Probe("cat /etc/shadow"),
    "a link to a file of root's": Probe("ln /etc/passwd /builddir/x"),
    "a file that belongs to root": Probe("touch /tmp/c && chown 0 /tmp/c"),
    "a file that nobody can remove": Probe(immutable("/tmp/x")),
    "becoming root": Probe("su -c true </dev/null"),
    "where builds write": Probe("for d in /tmp /var/tmp /builddir; do test -w $d && echo -n +; done", "+++"),
    # the kernel
    "kernel settings": Probe("echo x > /proc/sys/kernel/hostname"),
    "all kernel settings": Probe("find /proc/sys -type f -writable | grep -q ."),
    "the kernel's emergency keys": Probe("test -w /proc/sysrq-trigger"),
    "files in /sys": Probe("find /sys -maxdepth 3 -writable ! -type l | grep -q ."),
    "control groups": Probe("find /sys/fs/cgroup -writable ! -type l | grep -q ."),
    "firmware": Probe("ls -A /sys/firmware | grep -q ."),
    "the kernel's memory": Probe("head -c 1 /proc/kcore /dev/mem /dev/kmem 2>/dev/null | grep -q ."),
    "the kernel's messages": Probe("dmesg | grep -q ."),
    "another host name": Probe("hostname x"),
    "more open files": Probe("ulimit -Hn unlimited"),
    "capabilities": Probe("grep -h ^Cap /proc/self/status | cut -f2 | sort -u", NOTHING),
    "new privileges": Probe("grep NoNewPrivs /proc/self/status | cut -f2", "1"),
    "system calls": Probe("grep Seccomp: /proc/self/status | cut -f2", "2"),
    # mounts and devices
    "a mount": Probe(mount("none", "/mnt", "tmpfs", "0")),
    "another view of a directory": Probe(mount("/builddir", "/mnt", "", "4096")),
    "no /builddir": Probe(unmount("/builddir")),
    "a writable /proc/sys": Probe(mount("", "/proc/sys", "", "4128")),
    "another root": Probe("chroot / /bin/true"),
    "a character device": Probe("mknod /tmp/x c 1 3"),
    "a block device": Probe("mknod /tmp/x b 7 0"),
    "disks": Probe("find /dev -type b | grep -q ."),
    "devices that are more than data": Probe(
        "find /dev -type c ! -name null ! -name zero ! -name full ! -name random ! -name urandom "
        "! -name tty ! -name ptmx ! -name console ! -path '/dev/pts/*' | grep -q ."
    ),
    "another mode for /dev/null": Probe("chmod 777 /dev/null"),
    "no /dev/null": Probe("rm -f /dev/null"),
    # other processes
    "the files that PID 1 sees": Probe("ls /proc/1/root/"),
    "the environment of PID 1": Probe("cat /proc/1/environ"),
    "the memory of PID 1": Probe("exec 3</proc/1/mem"),
    "what PID 1 has open": Probe("ls /proc/1/fd"),
    "ending PID 1": Probe("kill -TERM 1"),
    "the namespaces of PID 1": Probe("nsenter --target 1 --mount true"),
    "processes of the host": Probe("[ $(ls -d /proc/[0-9]* | wc -l) -gt 20 ]"),
    "shared memory of the host": Probe("ls -A /dev/shm | grep -q ."),
    # the host
    "a server of the host, at its loopback": Probe("exec 3<>/dev/tcp/127.0.0.1/{port}"),
    "a server of the host, at its address": Probe("exec 3<>/dev/tcp/{address}/{port}"),
    "a socket of the host": Probe("grep -q {socket} /proc/net/unix"),
    "interfaces": Probe("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '", "lo"),
    "name servers": Probe("grep -q . /etc/resolv.conf"),
    "the store": Probe("ls -d {store}"),
    "the repository": Probe("ls -d {repo}"),
    "podman": Probe("ls -d /run/podman /run/docker* /run/containerd 2>/dev/null | grep -q ."),
    "the worker's configuration": Probe("ls -d /etc/kojid /etc/koji* /mnt/koji 2>/dev/null | grep -q ."),
    "secrets of the worker's": Probe("env | grep -Eqi 'containers_conf|adjutant|passw|token|koji'"),
}


@pytest.fixture(scope="module")
def answered(root: Buildroot, cache: Cache, repo: Path) -> Mapping[str, Answer]:
    """What each probe answered."""
    with hosts_words() as found:
        words = {**found, "{store}": str(cache.store.directory), "{repo}": str(repo)}
        script = f"{asking(PROBES, words, PLACE)}\n{printing(PROBES, PLACE)}"
        status, said = root.capture(["/bin/bash", "-c", script])
    assert status == 0, said
    return answers(PROBES, said)


@pytest.mark.parametrize("name", PROBES)
def test_a_build(answered: Mapping[str, Answer], name: str) -> None:
    check(PROBES[name], answered[name])


def test_standard_input_is_no_device_of_the_hosts(root: Buildroot, tmp_path: Path) -> None:
    """Runtimes have given it to the user that a command runs as."""
    own = "[ /proc/self/fd/0 -ef /dev/null ] && [ ! -O /proc/self/fd/0 ] && cat && echo own"
    assert root.capture(["/bin/bash", "-c", own]) == (0, b"own\n")
    after = Preparation(["/bin/true"], tmp_path / "preparation")
    assert root.run(["/bin/bash", "-c", own], log=tmp_path / "log", after=after) == 0


def test_nothing_of_a_step_is_alive_in_the_next(root: Buildroot, tmp_path: Path) -> None:
    daemon = "(trap '' TERM HUP; exec setsid sleep 12345) </dev/null >/dev/null 2>&1 &"
    assert root.run(["/bin/bash", "-c", f"{daemon} disown -a"], log=tmp_path / "log") == 0
    status, running = root.capture(["/bin/bash", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"])
    assert status == 0
    assert b"12345" not in running


def test_a_build_that_kills_whatever_it_can(root: Buildroot, tmp_path: Path) -> None:
    """Its own step is all that it can, and the next one runs."""
    assert root.run(["/bin/bash", "-c", "kill -KILL -1; exit 7"], log=tmp_path / "log") != 0
    assert root.capture(["/bin/echo", "fine"]) == (0, b"fine\n")


def test_the_hosts_devices_are_as_they_were(root: Buildroot) -> None:
    assert Path("/dev/null").stat().st_mode & 0o7777 == 0o666
    assert root.capture(["/bin/ls", "/dev/null"]) == (0, b"/dev/null\n")

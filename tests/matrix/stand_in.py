"""A root of another Debian, entered as if it were a machine: its own programs, processes, mounts and /proc.

Kernel and network are this machine's. /sys/fs/cgroup has version 2's control groups only where that is
wanted, since crun refuses hybrid ones; on a host with hybrid ones these have then no controllers, so that
limits of memory, CPU and processes are not kept, and a warning says so.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from koji_adjutant.images.apt_sources import AptSource, debian_sources, host_suite
from koji_adjutant.images.recipe import os_release
from tests.matrix.platforms import ControlGroups

PROJECT = Path(__file__).parents[2]
PLACE = "root/koji-adjutant"
"""Of the project, in a stand-in."""
PACKAGES = ("ca-certificates", "git", "iproute2", "make", "mount", "procps", "util-linux")
"""What a machine has before anybody runs the README's commands."""
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
HANDED_DOWN = (
    "CI", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_TRUSTED_HOST",
    "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
"""Of the environment: how this machine reaches the registries."""

# PID 1 reaps; it is in the root already when it is started, so that nothing of this machine is left in sight.
INIT = "while :; do sleep 86400 & wait $!; done"
ENTER = f"""
set -e
cd "$1"
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
if [ "$2" = v2 ]; then
    umount --recursive sys/fs/cgroup
    mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
mkdir -p mnt/host
"$4" -c "$5"
umount --lazy /mnt/host
hostname "$3"
echo ready
exec </dev/null
exec /bin/sh -c '{INIT}'
"""


# the program of this name is not everywhere where util-linux is
PIVOT = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.pivot_root(b".", b"mnt/host"):
    raise SystemExit(f"pivot_root: {os.strerror(ctypes.get_errno())}")
"""


class StandIn:
    """A root that is entered; made by ``entered``."""

    def __init__(self, root: Path, pid: int) -> None:
        self.root = root
        self.cache = f"/root/.cache/{root.name}"
        """XDG_CACHE_HOME there. A path of its own, since bridges are named after the state directory and
        all stand-ins share the network of this machine."""
        self._pid = pid

    def run(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        cwd: str = PLACE,
    ) -> int:
        """Run a command in the project's directory there, what it says appended to ``log``; its status."""
        with log.open("ab") as output:
            return subprocess.run(
                self._inside(command, environment or {}, cwd),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode

    def read(self, command: Sequence[str]) -> str:
        """What a command says; "" if there is none of that name, or it fails."""
        done = subprocess.run(
            self._inside(command, {}, "/"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    def _inside(self, command: Sequence[str], environment: Mapping[str, str], cwd: str) -> list[str]:
        own = {name: value for name, value in os.environ.items() if name in HANDED_DOWN}
        values = {
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "XDG_CACHE_HOME": self.cache,
            **own,
            **environment,
        }
        assignments = [f"{name}={value}" for name, value in values.items()]
        enter = [
            "nsenter",
            f"--target={self._pid}",
            "--mount",
            "--pid",
            "--uts",
            f"--wdns=/{cwd.lstrip('/')}",
        ]
        return [*enter, "env", "-i", *assignments, *command]


def make_root(suite: str, root: Path, packages: Sequence[str] = (), log: Path | None = None) -> None:
    """Make the root of a fresh machine of ``suite``, unless it is there; with further packages, if wanted."""
    mark = root / "etc" / "koji-adjutant-stand-in"
    if mark.exists():
        return
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    options = ["--variant=apt", f"--include={','.join([*PACKAGES, *packages])}"]
    options += ['--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=APT::Install-Recommends "false"']
    # for what is installed there later as well: a stand-in need not survive a power cut
    options += ["--dpkgopt=force-unsafe-io"]
    output = log.open("ab") if log else None
    try:
        subprocess.run(
            ["mmdebstrap", *options, suite, str(root), *_sources(suite)],
            stdout=output,
            stderr=output,
            check=True,
        )
    finally:
        if output:
            output.close()
    mark.touch()


def _sources(suite: str) -> list[str]:
    """Lines for ``suite``, from where this host has its own packages."""
    apt = Path("/etc/apt")
    here = host_suite(apt, os_release(Path("/etc/os-release").read_text()))
    sources = debian_sources(apt, here)
    main = next(source for source in sources if source.suite == here)
    lines = [AptSource(main.uri, suite, ("main",))]
    security = next((source for source in sources if source.suite == f"{here}-security"), None)
    if suite != "sid" and security:
        lines += [AptSource(main.uri, f"{suite}-updates", ("main",))]
        lines += [AptSource(security.uri, f"{suite}-security", ("main",))]
    return [f"deb {line.uri} {line.suite} main" for line in lines]


@contextmanager
def entered(root: Path, control_groups: ControlGroups) -> Iterator[StandIn]:
    """Enter it; in the end nothing that was started there is alive."""
    _bring_project(root)
    for name in ("etc/resolv.conf", CERTIFICATES):
        if Path("/", name).exists():
            shutil.copyfile(Path("/", name), root / name)
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {root.name}\n")
    spaces = ["unshare", "--mount", "--pid", "--fork", "--uts", "--kill-child", "--propagation=private"]
    given = [str(root), control_groups, root.name, sys.executable, PIVOT]
    command = [*spaces, "/bin/sh", "-c", ENTER, "sh", *given]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError(f"{root} cannot be entered")
            yield StandIn(root, _child(process.pid))
        finally:
            process.send_signal(signal.SIGKILL)


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _bring_project(root: Path) -> None:
    """A clone, with what is not committed yet."""
    place = root / PLACE
    if place.exists():
        subprocess.run(["git", "-C", place, "fetch", "--quiet", PROJECT, "HEAD"], check=True)
        subprocess.run(["git", "-C", place, "reset", "--quiet", "--hard", "FETCH_HEAD"], check=True)
    else:
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(PROJECT), str(place)], check=True)
    listed = ["git", "-C", str(PROJECT), "ls-files", "-z", "--modified", "--others", "--exclude-standard"]
    changed = subprocess.run(listed, stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    for name in filter(None, changed):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        if (PROJECT / name).exists():
            shutil.copy2(PROJECT / name, place / name, follow_symlinks=False)
        else:
            (place / name).unlink(missing_ok=True)

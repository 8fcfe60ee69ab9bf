"""Bare roots for judging the distribution: the host's dnf installs, chroot and unshare run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# In name spaces of its own, without a network: devices, /proc, then the command as the given user.
_ENTER = """
root=$1 user=$2; shift 2
home=/builddir
[ "$user" != root ] || home=/root
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
exec chroot --userspec="$user" "$root" /usr/bin/env -i HOME="$home" PATH=/usr/bin:/usr/sbin LC_ALL=C.UTF-8 \
    bash --login -c 'cd "$HOME" && exec "$@"' - "$@"
"""


@dataclass(frozen=True)
class Root:
    """A root directory; ``workdir`` has dnf's caches and the macros that bring the host's rpm in line.

    ``others`` are repositories beside the distribution.
    """

    path: Path
    workdir: Path
    repo: Path
    others: Sequence[Path] = ()

    def install(self, *specs: str | Path) -> None:
        """Install packages or RPM files from the repositories and nothing else."""
        for name in ("home", "log", "cache"):
            (self.workdir / name).mkdir(exist_ok=True)
        (self.workdir / "home/.rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
        config = self.workdir / "dnf.conf"
        config.write_text(
            "[main]\n"
            f"cachedir={self.workdir}/cache\nlogdir={self.workdir}/log\nreposdir=/nonexistent\n"
            "plugins=0\nstrict=1\nbest=1\ninstall_weak_deps=0\nassumeyes=1\n"
            + "".join(
                f"[repo-{number}]\nname=repo {number}\nbaseurl=file://{repo}\ngpgcheck=0\nmetadata_expire=0\n"
                for number, repo in enumerate([self.repo, *self.others])
            )
        )
        options = ["--config", str(config), "--installroot", str(self.path), "--releasever", "1"]
        self._host("dnf", *options, "install", "--", *map(str, specs))

    def query(self, *arguments: str) -> list[str]:
        """Lines of the host's ``rpm --root``."""
        return self._host("rpm", "--root", str(self.path), *arguments).splitlines()

    def run(self, *command: str, user: str = "root") -> str:
        """Standard output of a command inside; a failing one fails the test with its output."""
        return _checked(self._entered(command, user))

    def fail(self, *command: str, user: str = "root") -> str:
        """Standard error of a command inside that must fail."""
        done = subprocess.run(self._entered(command, user), capture_output=True, text=True, check=False)
        assert done.returncode != 0, f"{command} did not fail:\n{done.stdout}"
        return done.stderr

    def add_builder(self) -> None:
        """The unprivileged user and its home, as a builder sets them up."""
        self.run("groupadd", "--gid", "135", "mock")
        self.run(
            "useradd", "--uid", "1000", "--gid", "135", "--no-create-home", "--home", "/builddir", "mockbuild"
        )
        topdir = self.path / "builddir/build"
        for name in ("BUILD", "SOURCES", "SPECS", "SRPMS", "RPMS"):
            (topdir / name).mkdir(parents=True)
        (self.path / "builddir/.rpmmacros").write_text("%_topdir /builddir/build\n")
        self.own_home()

    def own_home(self) -> None:
        """Give what the test has put into /builddir to the builder."""
        self.run("chown", "-R", "mockbuild:mock", "/builddir")

    def rpmbuild(self, *arguments: str) -> list[Path]:
        """rpmbuild as the builder; the binary RPMs there are afterwards, sorted."""
        self.run("rpmbuild", *arguments, user="mockbuild")
        return sorted((self.path / "builddir/build/RPMS").rglob("*.rpm"))

    def _entered(self, command: tuple[str, ...], user: str) -> list[str]:
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc"]
        return [*unshare, "sh", "-euc", _ENTER, "-", str(self.path), user, *command]

    def _host(self, *command: str) -> str:
        return _checked(list(command), {"HOME": str(self.workdir / "home")})


def _checked(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout

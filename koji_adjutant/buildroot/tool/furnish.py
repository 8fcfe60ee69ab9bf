"""What a root needs besides its packages: directories, users, files. mock's set-up, inside the container.

Everything here happens in a container, so a link that a package planted leads into that container at
worst.
"""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

ROOT = Path("/buildroot")
WORK = Path("/work")
UID = 1000
GID = 135
HOME = "/builddir"
HOSTS = """\
127.0.0.1 localhost localhost.localdomain
::1       localhost localhost.localdomain localhost6 localhost6.localdomain6
"""
DIRECTORIES = {
    "dev": 0o755,
    "proc": 0o555,
    "sys": 0o555,
    "tmp": 0o1777,
    "var/tmp": 0o1777,
    "var/log": 0o755,
    "var/cache": 0o755,
    "var/lib/dbus": 0o755,
    "etc/rpm": 0o755,
}


def before() -> None:
    """Make directories that packages' scripts count on before the package that owns them is there."""
    for name, mode in DIRECTORIES.items():
        path = ROOT / name
        path.mkdir(parents=True, exist_ok=True)
        if not path.is_mount():
            path.chmod(mode)
    (ROOT / "etc/mtab").symlink_to("../proc/self/mounts")


def devices() -> None:
    """Make /dev/fd and friends, which scripts expect; the device nodes themselves are mounted."""
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        link = ROOT / "dev" / name
        if not os.path.lexists(link):
            link.symlink_to(f"/proc/self/{target}")


def after(machine_id: str) -> None:
    """Add the build user and what every program expects in /etc."""
    # an empty resolv.conf makes name resolution fail at once; one with a network is mounted over it
    for name in ("etc/fstab", "etc/os-release", "etc/resolv.conf"):
        if not os.path.lexists(ROOT / name):
            (ROOT / name).touch()
    (ROOT / "etc/hosts").write_text(HOSTS)
    put_line(ROOT / "etc/group", f"mock:x:{GID}:")
    put_line(ROOT / "etc/passwd", f"mockbuild:x:{UID}:{GID}::{HOME}:/bin/bash")
    if (ROOT / "etc/shadow").exists():
        put_line(ROOT / "etc/shadow", "mockbuild:!!:0:0:99999:7:::")
    if (ROOT / "etc/gshadow").exists():
        put_line(ROOT / "etc/gshadow", "mock:!::")
    (ROOT / "etc/machine-id").write_text(f"{machine_id}\n")
    if not os.path.lexists(ROOT / "var/lib/dbus/machine-id"):
        (ROOT / "var/lib/dbus/machine-id").symlink_to("../../../etc/machine-id")
    home = ROOT / HOME.lstrip("/")
    home.mkdir(exist_ok=True)
    os.chown(home, UID, GID)


def put_line(path: Path, line: str) -> None:
    """Put an entry into a colon-separated file, in place of an older one of that name."""
    entries = path.read_text(errors="surrogateescape").splitlines() if path.exists() else []
    key = line.split(":", 1)[0]
    kept = [entry for entry in entries if entry.split(":", 1)[0] != key]
    path.write_text("\n".join([*kept, line]) + "\n", errors="surrogateescape")


def clear_devices() -> None:
    """Remove the empty files that device nodes were mounted on, where nothing is mounted any more."""
    for path in (ROOT / "dev").iterdir():
        if path.is_file() and not path.is_symlink() and path.stat().st_size == 0:
            try:
                path.unlink()
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise


def forget_inodes() -> None:
    """Remove ldconfig's notes on the inodes of libraries.

    They are wrong wherever the root is used, and different each time.
    """
    (ROOT / "var/cache/ldconfig/aux-cache").unlink(missing_ok=True)


def own_rpm(*arguments: str) -> str | None:
    """Run the root's own rpm, as a build will run it.

    Returns its output, "" if it fails, None where there is none.
    """
    if not any(os.access(ROOT / path, os.X_OK) for path in ("usr/bin/rpm", "bin/rpm")):
        return None
    result = subprocess.run(
        ["/usr/sbin/chroot", str(ROOT), "rpm", *arguments],
        stdout=subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": HOME, "LANG": "C"},
        check=False,
    )
    return result.stdout.decode("utf-8", "replace") if result.returncode == 0 else ""


def place_database(current: str) -> str:
    """Move the rpm database to where the root's own rpm looks for it, and return that place."""
    wanted = (own_rpm("--eval", "%{_dbpath}") or current).strip()
    if wanted == current or not wanted.startswith(("/usr/", "/var/")):
        # a database in somebody's home (Debian's default) is none that a build could use
        return current
    source = ROOT / current.lstrip("/")
    target = ROOT / wanted.lstrip("/")
    if source.resolve() == target.resolve():
        return wanted
    target.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        file.rename(target / file.name)
    source.rmdir()
    return wanted

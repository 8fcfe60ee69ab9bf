"""What the distribution holds: the comps groups, the extras, and what Debian names mean to RPM people."""

from __future__ import annotations

# Packages with these names are written here, not converted (see own.py).
FILESYSTEM = "filesystem"
RELEASE = "adjutant-demo-release"
RPM_BUILD = "rpm-build"
OWN = (FILESYSTEM, RELEASE, RPM_BUILD)

_MINIMAL = (
    FILESYSTEM,
    RELEASE,
    "base-files",
    "bash",
    "coreutils",
    "debianutils",
    "diffutils",
    "findutils",
    "grep",
    "gzip",
    "hostname",
    "libc-bin",
    "login",
    "mawk",
    "ncurses-base",
    "passwd",
    "sed",
    "tar",
    "util-linux",
    RPM_BUILD,
)

# The same tools as Fedora's @build, under the names Debian gives them.
BUILD = (
    *_MINIMAL,
    "binutils",
    "bzip2",
    "cpio",
    "g++",
    "gcc",
    "info",
    "libc6-dev",
    "make",
    "patch",
    "pkgconf",
    "unzip",
    "xz-utils",
)

# What `make sources` and its like are written with; no compiler.
SRPM_BUILD = (*_MINIMAL, "bzip2", "ca-certificates", "curl", "git", "make", "xz-utils")

GROUPS = {"build": tuple(sorted(BUILD)), "srpm-build": tuple(sorted(SRPM_BUILD))}

# Outside both groups: what BuildRequires and the later tests ask for.
EXTRAS = (
    "libpopt-dev",
    "libyaml-dev",
    "python3",
    "python3-setuptools",
    "python3-wheel",
    "zlib1g-dev",
)

# Dependencies that only serve maintainer scripts, which are not run here, or Debian's own administration.
DROPPED = frozenset(
    {
        "adduser",
        "base-passwd",
        "dash",
        "debconf",
        "debconf-2.0",
        "debianutils",
        "dpkg",
        "init-system-helpers",
        "install-info",
        "lsb-base",
        "media-types",
        "perl-openssl-defaults",
        "readline-common",
        "sensible-utils",
        "systemd-sysv",
        "tzdata",
        "ucf",
    }
)

# The same for one package: newer rpms need Python to read the metadata of Python's own packages, which Fedora
# has in a package apart.  BuildRequires are to find a root without Python.
DROPPED_FROM = {"rpm": frozenset({"python3"})}

# Names that spec files and other packages use for them; `{version}` is the upstream version, `{series}` its
# first two numbers.  By rule, and not listed: `libX-dev` is also `libX-devel` and `X-devel`.
PROVIDES = {
    "bash": ("/bin/sh", "/bin/bash"),
    "coreutils": ("/bin/cat", "/bin/ls", "/bin/rm"),
    "debianutils": ("which",),
    "g++": ("gcc-c++",),
    "libc6": ("glibc", "glibc-common", "rtld(GNU_HASH)"),
    "libc6-dev": ("glibc-devel", "glibc-headers"),
    "libc-bin": ("glibc-minimal-langpack",),
    "mawk": ("gawk",),
    "passwd": ("shadow-utils",),
    "perl": ("perl-interpreter", "perl(:VERSION) = {version}", "perl(:MODULE_COMPAT_{version})"),
    "pkgconf": ("pkgconfig", "pkgconf-pkg-config"),
    "python3": ("python(abi) = {series}",),
    "xz-utils": ("xz",),
    "zlib1g": ("zlib",),
    "zlib1g-dev": ("zlib-devel",),
}

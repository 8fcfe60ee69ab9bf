"""Tool images from Debian's packages, with apt and mmdebstrap."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from koji_adjutant.container.installing import to_install
from koji_adjutant.errors import ImageError
from koji_adjutant.images.apt_sources import KEYRINGS, debian_sources, host_suite
from koji_adjutant.images.process import run_and_show
from koji_adjutant.images.recipe import ShowLine, ToolRoot

PACKAGES = (
    "bzip2", "ca-certificates", "cpio", "createrepo-c", "cvs", "diffutils", "dnf", "file", "git", "git-lfs",
    "gzip", "libcap2-bin", "openssh-client", "passwd", "patch", "procps", "python3-cheetah", "python3-dnf",
    "python3-pygit2", "python3-rpm", "rpm", "subversion", "tar", "unzip", "xz-utils", "zstd",
)  # fmt: skip
LIBDNF5 = "python3-libdnf5"
LIBDNF5_SINCE = 14
"""The first release of Debian that has it."""
MAIN_TOOLS = ("rpm", "dnf", "createrepo-c", "git", "subversion", "cvs", "python3")
EXCLUDED = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
MACROS = "%_dbpath /var/lib/rpm\n"
"""Debian's rpm keeps its database in ~/.rpmdb otherwise, where nothing but itself looks."""

INSTALLED = re.compile(r"Inst (\S+) (?:\[[^]]*\] )?\((\S+) ")
APT_OPTION = re.compile(r'(Acquire::(?:https?::Proxy(?:::\S+)?|Check-Valid-Until|Check-Date)) "(.*)";')
"""What of the host's apt configuration decides whether its archives can be reached and trusted."""


class DebianPackages:
    """The packages of the Debian ``release`` (the fields of os-release) that the host runs.

    ``apt`` is the host's configuration directory.
    """

    def __init__(self, release: Mapping[str, str], apt: Path = Path("/etc/apt")) -> None:
        self._suite = host_suite(apt, release)
        number = release.get("VERSION_ID")  # none before the release is out
        self.distribution = f"debian {number or self._suite}"
        has_libdnf5 = number is None or int(number) >= LIBDNF5_SINCE
        resolvers = [LIBDNF5] if has_libdnf5 else []
        self._packages = [*PACKAGES, *resolvers]
        self.main_tools: Sequence[str] = [*MAIN_TOOLS, *resolvers]
        keyring = next((path for path in KEYRINGS if Path(path).exists()), None)
        if keyring is None:
            raise ImageError(f"{KEYRINGS[0]} is missing: {to_install('debian-archive-keyring')}")
        self._sources = "".join(f"{each.line(keyring)}\n" for each in debian_sources(apt, self._suite))
        self.inputs: Sequence[str] = (self._sources, *self._packages, *EXCLUDED, MACROS)

    def resolve(self, workdir: Path, show: ShowLine) -> Sequence[str] | None:
        """Resolve with an apt whose state is a directory of its own: nothing of the host's apt is touched."""
        for directory in ("lists/partial", "cache/archives/partial"):
            (workdir / directory).mkdir(parents=True)
        (workdir / "status").touch()
        options = [
            f"Dir::Etc::sourcelist={self._sources_file(workdir)}",
            "Dir::Etc::sourceparts=/dev/null",
            "Dir::Etc::preferences=/dev/null",
            "Dir::Etc::preferencesparts=/dev/null",
            f"Dir::State::lists={workdir / 'lists'}",
            f"Dir::State::status={workdir / 'status'}",
            f"Dir::Cache={workdir / 'cache'}",
            "APT::Install-Recommends=false",
            "Acquire::Languages=none",
        ]
        apt = ["apt-get", *(f"--option={option}" for option in options)]
        run_and_show([*apt, "update", "--error-on=any"], show)
        planned = run_and_show(
            [*apt, "--simulate", "install", "?essential", *self._packages], lambda _line: None
        )
        return sorted(f"{match[1]}={match[2]}" for match in map(INSTALLED.match, planned) if match)

    def build(self, workdir: Path, show: ShowLine) -> ToolRoot:
        tar, status, macros = workdir / "root.tar", workdir / "dpkg-status", workdir / "macros"
        macros.write_text(MACROS)
        command = ["mmdebstrap", "--variant=essential", f"--include={','.join(self._packages)}"]
        command += [f"--aptopt={option}" for option in self._apt_options()]
        command += [f"--dpkgopt=path-exclude={pattern}" for pattern in EXCLUDED]
        command += ["--dpkgopt=path-include=/usr/share/doc/*/copyright"]
        command += [
            '--customize-hook=mkdir -p "$1/etc/rpm"',
            f"--customize-hook=upload {shlex.quote(str(macros))} /etc/rpm/macros",
            f"--customize-hook=download /var/lib/dpkg/status {shlex.quote(str(status))}",
        ]
        command += [self._suite, str(tar), str(self._sources_file(workdir))]
        run_and_show(command, show, {"TMPDIR": str(workdir)})
        return ToolRoot(tar, _installed(status.read_text()))

    def _sources_file(self, workdir: Path) -> Path:
        path = workdir / "sources.list"
        path.write_text(self._sources)
        return path

    def _apt_options(self) -> list[str]:
        dump = subprocess.run(["apt-config", "dump"], stdout=subprocess.PIPE, check=True, text=True).stdout
        return [f'{match[1]} "{match[2]}"' for match in APT_OPTION.finditer(dump)]


def _installed(status: str) -> list[str]:
    fields = ("Package", "Version")
    found = []
    for paragraph in status.split("\n\n"):
        values = dict(line.partition(": ")[::2] for line in paragraph.splitlines() if line.startswith(fields))
        if values:
            found.append(f"{values['Package']}={values['Version']}")
    return sorted(found)

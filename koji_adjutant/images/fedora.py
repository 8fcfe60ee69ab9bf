"""Tool images from Fedora's or EL's packages, with dnf --installroot."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from koji_adjutant.images.process import run_and_show
from koji_adjutant.images.recipe import ShowLine, ToolRoot

PACKAGES = (
    "bash", "bzip2", "ca-certificates", "coreutils", "cpio", "createrepo_c", "diffutils", "file", "findutils",
    "git-core", "gzip", "libcap", "openssh-clients", "patch", "procps-ng", "python3", "python3-rpm", "rpm",
    "rpm-build", "shadow-utils", "tar", "unzip", "util-linux", "xz", "zstd",
)  # fmt: skip
DNF4, DNF5 = "python3-dnf", "python3-libdnf5"
"""The package resolvers: EL and Fedora up to 40 have the first alone, later Fedoras the second, some both."""
WHERE_THEY_ARE = ("cvs", "git-lfs", "python3-cheetah", "python3-pygit2", "subversion", DNF4)
"""What not every release has, or has in EPEL only. dnf 4 is for tags that want it, and for multilib."""
MAIN_TOOLS = ("rpm", "createrepo_c", "git-core", "python3")
QUERY = "%{NAME}=%{EVR}\\n"


class FedoraPackages:
    """The packages of the Fedora or EL ``release`` (the fields of os-release) that the host runs.

    They are from its enabled repos.
    """

    def __init__(self, release: Mapping[str, str]) -> None:
        self.distribution = f"{release['ID']} {release['VERSION_ID']}"
        self._releasever = release["VERSION_ID"].partition(".")[0]
        self._is_dnf5 = run_and_show(["dnf", "--version"], lambda _line: None)[0].startswith("dnf5")
        resolver = DNF5 if self._is_dnf5 else DNF4
        self._packages = [*PACKAGES, resolver]
        self.main_tools: Sequence[str] = (*MAIN_TOOLS, resolver)
        self.inputs: Sequence[str] = (self.distribution, *self._packages, *WHERE_THEY_ARE)

    def resolve(self, workdir: Path, show: ShowLine) -> Sequence[str] | None:  # noqa: ARG002 - see HostPackages
        return None  # dnf shows a plan only as a table for people

    def build(self, workdir: Path, show: ShowLine) -> ToolRoot:
        root, tar = workdir / "root", workdir / "root.tar"
        dnf = self._command(root)
        run_and_show([*dnf, "install", *self._packages], show)
        lenient = "--skip-unavailable" if self._is_dnf5 else "--setopt=strict=False"
        run_and_show([*dnf, "install", lenient, *WHERE_THEY_ARE], show)
        run_and_show([*dnf, "clean", "all"], show)
        query = ["rpm", "--root", str(root), "--query", "--all", "--queryformat", QUERY]
        listed = subprocess.run(query, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
        pack = ["tar", "--create", f"--file={tar}", f"--directory={root}", "--sort=name", "--numeric-owner"]
        run_and_show([*pack, "--xattrs", "--xattrs-include=*", "."], show)
        return ToolRoot(tar, sorted(listed))

    def _command(self, root: Path) -> list[str]:
        command = ["dnf", "--assumeyes", f"--installroot={root}", f"--releasever={self._releasever}"]
        command += ["--setopt=install_weak_deps=False", "--setopt=tsflags=nodocs", "--setopt=keepcache=False"]
        if self._is_dnf5:
            # it takes none of the host's repositories unless asked
            return [*command, "--use-host-config"]
        # dnf 4 takes them where the root has none; the plugin adds what this host has downloaded, unsigned
        return [*command, "--disableplugin=local"]

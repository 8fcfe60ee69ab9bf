"""Tool images from Fedora's or EL's packages, with dnf --installroot."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from koji_adjutant.images.process import run_reporting
from koji_adjutant.images.recipe import Report, ToolRoot

PACKAGES = (
    "bash", "bzip2", "ca-certificates", "coreutils", "cpio", "createrepo_c", "cvs", "diffutils", "dnf",
    "dnf-plugins-core", "file", "findutils", "git-core", "gzip", "libcap", "openssh-clients", "patch",
    "procps-ng", "python3", "python3-cheetah", "rpm", "rpm-build", "shadow-utils", "subversion", "tar",
    "unzip", "util-linux", "xz", "zstd",
)  # fmt: skip
MAIN_TOOLS = ("rpm", "dnf", "createrepo_c", "git-core", "subversion", "cvs", "python3")
QUERY = "%{NAME}=%{EVR}\\n"


class FedoraPackages:
    """The Fedora or EL ``release`` (the fields of os-release) that the host runs, from its enabled repos."""

    def __init__(self, release: Mapping[str, str]) -> None:
        self.distribution = f"{release['ID']} {release['VERSION_ID']}"
        self._releasever = release["VERSION_ID"].partition(".")[0]
        self.main_tools: Sequence[str] = MAIN_TOOLS
        self.inputs: Sequence[str] = (self.distribution, *PACKAGES)

    def resolve(self, workdir: Path, report: Report) -> Sequence[str] | None:  # noqa: ARG002 - see HostPackages
        return None  # dnf shows a plan only as a table for people

    def build(self, workdir: Path, report: Report) -> ToolRoot:
        root, tar = workdir / "root", workdir / "root.tar"
        command = ["dnf", "--assumeyes", f"--installroot={root}", f"--releasever={self._releasever}"]
        command += ["--setopt=install_weak_deps=False", "--setopt=tsflags=nodocs", "--setopt=keepcache=False"]
        run_reporting([*command, "install", *PACKAGES], report)
        run_reporting([*command, "clean", "all"], report)
        query = ["rpm", "--root", str(root), "--query", "--all", "--queryformat", QUERY]
        listed = subprocess.run(query, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
        pack = ["tar", "--create", f"--file={tar}", f"--directory={root}", "--sort=name", "--numeric-owner"]
        run_reporting([*pack, "--xattrs", "--xattrs-include=*", "."], report)
        return ToolRoot(tar, sorted(listed))

"""An RPM repository with the names that Fedora's recipe asks for, made from more of Debian."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.distribution import repository, seeds
from tests.distribution.build import build, default_output
from tests.distribution.repository import Manifest

FROM_DEBIAN = (
    "cpio", "createrepo-c", "cvs", "file", "git", "libcap2-bin", "openssh-client", "patch", "procps",
    "python3", "python3-cheetah", "python3-rpm", "rpm", "subversion", "unzip", "zstd",
)  # fmt: skip
RENAMED = {
    "createrepo_c": "createrepo-c",
    "git-core": "git",
    "libcap": "libcap2-bin",
    "openssh-clients": "openssh-client",
    "procps-ng": "procps",
}
"""Fedora's names, for packages that only require what Debian calls otherwise."""
SUBPACKAGE = """\
%package -n {name}
Summary: What Debian calls {debian}
Requires: {debian} system-release
%description -n {name}
Nothing.
%files -n {name}
"""
SPEC = """\
Name: fedora-names
Version: 1
Release: 1
Summary: Names
License: MIT
BuildArch: noarch
%description
Nothing.
"""


def make_repository(output: Path, resolvers: Sequence[str]) -> Path:
    """``output``/repo, with what the package ``resolvers`` need, too.

    Packages that the usual test distribution has are taken from there.
    """
    usual = build(default_output())
    manifest = Manifest.load(usual)
    assert manifest is not None
    generation = output / "generations/usual"
    (generation / "Packages").mkdir(parents=True)
    for entry in manifest.packages:
        repository.reuse(usual / "Packages" / entry.file, generation / "Packages")
    Manifest("the usual", manifest.lists, manifest.arch, manifest.packages).save(generation)
    repository.publish(generation, output)
    (output / "debs").symlink_to(usual.parent / "debs")

    groups = {**seeds.GROUPS, "tools": (*FROM_DEBIAN, *resolvers)}
    repo = build(output, groups=groups).resolve()
    _build_names(output, repo / "Packages")
    subprocess.run(["createrepo_c", "--quiet", str(repo)], check=True)
    return repo


def _build_names(work: Path, packages: Path) -> None:
    spec = work / "names.spec"
    subpackages = [SUBPACKAGE.format(name=name, debian=debian) for name, debian in RENAMED.items()]
    spec.write_text(SPEC + "".join(subpackages))
    macros = {"_topdir": work / "rpmbuild", "_rpmdir": packages}
    defines = [part for name, value in macros.items() for part in ("--define", f"{name} {value}")]
    subprocess.run(["rpmbuild", "--quiet", "-bb", *defines, str(spec)], check=True)


def as_the_hosts(directory: Path, dnf: str, repo: Path, excluded: str) -> Path:
    """Programs dnf and rpm that take ``repo`` for what the host has; the directory is to be first in PATH.

    ``dnf`` is the real one's path. Debian 12's rpm has its database where no other has it, by its macros.
    """
    programs, repos, home = (directory / name for name in ("bin", "repos", "home"))
    for path in (programs, repos, home):
        path.mkdir()
    (home / ".rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
    (repos / "fedora.repo").write_text(
        f"[fedora]\nname=Fedora\nbaseurl={repo.as_uri()}\ngpgcheck=0\nexcludepkgs={excluded}\n"
    )
    commands = {"dnf": [dnf, f"--setopt=reposdir={repos}"], "rpm": ["/usr/bin/rpm"]}
    for name, command in commands.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nHOME={shlex.quote(str(home))} exec {shlex.join(command)} "$@"\n')
        program.chmod(0o755)
    return programs


def first_in_path(directory: Path) -> str:
    return f"{directory}{os.pathsep}{os.environ['PATH']}"

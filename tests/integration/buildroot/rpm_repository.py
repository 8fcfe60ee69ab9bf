"""Repositories of packages that have nothing in them but what they say of each other."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PACKAGE = """\
%package -n {name}
Version: {version}
Summary: x
{preamble}
%description -n {name}
x
%files -n {name}
{files}
"""
SPEC = """\
Name: none
Version: 1
Release: 1
Summary: x
License: MIT
%description
x
{packages}
%install
{install}
"""


def make_packages(directory: Path, packages: Mapping[str, str], arch: str = "noarch") -> None:
    """``packages``: name-version to the lines of its preamble; a line that begins with / is a file it has."""
    generations: list[dict[str, str]] = []
    for package in packages:
        name = package.rpartition("-")[0]
        generation = next((each for each in generations if name not in each), None)
        if generation is None:
            generation = {}
            generations.append(generation)
        generation[name] = package
    for generation in generations:
        _rpmbuild(directory, {package: packages[package] for package in generation.values()}, arch)


def _rpmbuild(directory: Path, packages: Mapping[str, str], arch: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    texts, install = [], []
    for package, lines in packages.items():
        name, _, version = package.rpartition("-")
        files = [line for line in lines.splitlines() if line.startswith("/")]
        preamble = "\n".join(line for line in lines.splitlines() if line not in files)
        texts.append(PACKAGE.format(name=name, version=version, preamble=preamble, files="\n".join(files)))
        install += [f"install -D /dev/null %{{buildroot}}{file}" for file in files]
    text = SPEC.format(packages="\n".join(texts), install="\n".join(install))
    plain = ["--define", "debug_package %{nil}", "--define", "__os_install_post %{nil}"]
    rpmbuild(directory, text, f"--target={arch}", *plain)


def rpmbuild(directory: Path, spec: str, *options: str) -> None:
    """Make the packages of a spec in ``directory``/<arch>, and leave nothing else there."""
    with tempfile.TemporaryDirectory() as top:
        (file := Path(top, "package.spec")).write_text(spec)
        places = ["--define", f"_rpmdir {directory}", "--define", f"_topdir {top}"]
        subprocess.run(["rpmbuild", "-bb", "--quiet", *options, *places, str(file)], check=True)


def make_repository(directory: Path, comps: str = "", modules: str = "", options: Sequence[str] = ()) -> None:
    """Index the packages of ``directory``, with groups and modules."""
    groups = []
    if comps:
        (directory / "comps.xml").write_text(f"<comps>{comps}</comps>")
        groups = ["--groupfile", "comps.xml"]
    subprocess.run(["createrepo_c", "--quiet", *options, *groups, "."], check=True, cwd=directory)
    if modules:
        (directory / "modules.yaml").write_text(modules)
        command = ["modifyrepo_c", "--mdtype=modules", "modules.yaml", "repodata"]
        subprocess.run(command, check=True, cwd=directory, stdout=subprocess.DEVNULL)


def make_root(directory: Path, packages: Sequence[Path]) -> None:
    """A root in whose database these packages are."""
    (directory / "usr").mkdir(parents=True)
    rpm = ["rpm", "--root", str(directory), "--define", "_dbpath /var/lib/rpm"]
    command = [*rpm, "--install", "--justdb", "--nodeps", "--noscripts", "--ignorearch", *map(str, packages)]
    subprocess.run(command, check=True)

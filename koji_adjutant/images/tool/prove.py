"""Try out what a tool image is for: build an RPM, make a repository of it, and resolve it from there.

Needs no network and no rights. Prints as its last line, in JSON, what no task could be done with, and what
only some need, both as sentences: {wrong: […], lacking: […]}.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

RUN = (
    "rpm",
    "rpmbuild",
    "createrepo_c",
    "mergerepo_c",
    "git",
    "tar",
    "diff",
    "patch",
    "python3",
)
FOUND = ("bzip2", "cpio", "groupadd", "gzip", "setpriv", "unzip", "useradd", "xz", "zstd")
"""What is only looked for: it has no --version, or not everywhere."""
FOR_SOME = {
    "git-lfs": "what git repositories keep with Git LFS cannot be fetched",
    "svn": "checkouts from svn cannot be done",
    "cvs": "checkouts from cvs cannot be done",
    "ssh": "checkouts over ssh cannot be done",
}
"""Not every distribution has them any more."""
NO_TEMPLATES = "wrapperRPM tasks cannot be done"
MODULES = {"rpm": "python3-rpm"}
RESOLVERS = {"dnf": "python3-dnf", "libdnf5": "python3-libdnf5"}
"""Python modules and the packages that have them; of the resolvers one is enough."""
CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
NAME = "adjutant-proof"
SPEC = f"""\
Name: {NAME}
Version: 1
Release: 1
Summary: A package without files
License: MIT
BuildArch: noarch
%description
Nothing.
%files
"""
LAST_LINES = 3


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="adjutant-proof-") as name:
        os.environ["HOME"] = name  # no configuration of the image's user
        found = {"wrong": list(wrong(Path(name))), "lacking": list(lacking())}
    sys.stdout.write(f"\n{json.dumps(found)}\n")
    return 1 if found["wrong"] else 0


def wrong(work: Path) -> Iterator[str]:
    """Yield a sentence for each thing without which no task can be done."""
    broken = [tool for tool in RUN if _run([tool, "--version"]) is not None]
    missing = [tool for tool in FOUND if shutil.which(tool) is None]
    if broken or missing:
        yield f"it cannot run {', '.join([*broken, *missing])}"
    if not any(path.exists() and path.stat().st_size for path in map(Path, CERTIFICATES)):
        yield "it has no certificates of authorities: ca-certificates is missing"
    for module, package in MODULES.items():
        problem = _import(module)
        if problem:
            yield f"its python3 cannot import {module}, which {package} has ({problem})"
    yield from _databases()
    resolvers = [module for module in RESOLVERS if _import(module) is None]
    if not resolvers:
        yield f"it has no package resolver: neither {' nor '.join(RESOLVERS.values())}"
    problem = _make_repository(work)
    if problem:
        yield problem
        return
    for module in resolvers:
        problem = _run([sys.executable, "-B", __file__, module, str(work)], 1)
        if problem is not None:
            yield f"{RESOLVERS[module]} does not resolve a package: {problem}"


def lacking() -> Iterator[str]:
    """Yield a sentence for each thing that only some tasks need."""
    for tool, consequence in FOR_SOME.items():
        if shutil.which(tool) is None:
            yield f"it has no {tool}: {consequence}"
    problem = _import("Cheetah")
    if problem:
        yield f"its python3 cannot import Cheetah, which python3-cheetah has ({problem}): {NO_TEMPLATES}"


def _databases() -> Iterator[str]:
    """Check that rpm and its library, which the resolvers use, keep installed packages in one database."""
    try:
        rpm = importlib.import_module("rpm")
        evaluated = subprocess.run(
            ["rpm", "--eval", "%_dbpath"], stdout=subprocess.PIPE, text=True, check=True
        )
    except (ImportError, OSError, subprocess.CalledProcessError):
        return  # said already
    program, library = evaluated.stdout.strip(), rpm.expandMacro("%_dbpath")
    if program != library:
        yield f"its rpm keeps the database in {program}, and python3's rpm looks in {library}"


def _make_repository(work: Path) -> str | None:
    """Make ``work``/repo, with one package that is built here. Returns what failed, None if nothing did."""
    spec = work / "proof.spec"
    spec.write_text(SPEC)
    directories = ["--define", f"_topdir {work}/build", "--define", f"_rpmdir {work}/repo"]
    problem = _run(["rpmbuild", "-bb", *directories, str(spec)])
    if problem is not None:
        return f"its rpmbuild builds no package: {problem}"
    problem = _run(["createrepo_c", "--quiet", str(work / "repo")])
    if problem is not None:
        return f"its createrepo_c makes no repository: {problem}"
    if not (work / "repo/repodata/repomd.xml").exists():
        return "its createrepo_c makes no repository, and says nothing"
    return None


def _import(module: str) -> str | None:
    """Import a module in a process of its own: a library that does not fit may take python with it.

    Returns what went wrong, None if nothing did.
    """
    return _run([sys.executable, "-B", "-c", f"import {module}"], 1)


def _run(command: Sequence[str], last_lines: int = LAST_LINES) -> str | None:
    """Run a command. Returns its last words if it failed, None if it worked."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", check=False,
        )  # fmt: skip
    except OSError as error:
        return str(error)
    if done.returncode == 0:
        return None
    said = [line.strip() for line in done.stdout.splitlines() if line.strip()][-last_lines:]
    return " / ".join(said) or f"status {done.returncode}"


# One resolver, tried alone: the arguments are its module and the directory with the repository.


def resolved_by_dnf(work: Path) -> list[str]:
    """Return what dnf would install for the package of ``work``/repo."""
    dnf = importlib.import_module("dnf")
    with dnf.Base() as base:
        base.conf.reposdir = []
        base.conf.plugins = False
        base.conf.cachedir = str(work / "cache-dnf")
        base.conf.logdir = str(work)
        base.conf.installroot = str(work / "root")
        base.conf.substitutions["releasever"] = "1"
        base.repos.add_new_repo("proof", base.conf, baseurl=[(work / "repo").as_uri()])
        base.fill_sack(load_system_repo=False)
        base.install(NAME)
        base.resolve()
        return [package.name for package in base.transaction.install_set]


def resolved_by_libdnf5(work: Path) -> list[str]:
    """Return what libdnf5 would install for the package of ``work``/repo."""
    libdnf5 = importlib.import_module("libdnf5")
    base = libdnf5.base.Base()
    config = base.get_config()
    config.installroot = str(work / "root")
    config.cachedir = str(work / "cache-libdnf5")
    config.logdir = str(work)
    config.plugins = False
    base.get_vars().set("releasever", "1")
    base.setup()
    repository = base.get_repo_sack().create_repo("proof")
    repository.get_config().baseurl = (work / "repo").as_uri()
    base.get_repo_sack().load_repos(libdnf5.repo.Repo.Type_AVAILABLE)
    goal = libdnf5.base.Goal(base)
    goal.add_install(NAME)
    transaction = goal.resolve()
    return [item.get_package().get_name() for item in transaction.get_transaction_packages()]


def try_resolver(module: str, work: Path) -> int:
    """Resolve the package with one resolver; return the exit status. Runs in a process of its own."""
    (work / "root").mkdir(exist_ok=True)
    names = {"dnf": resolved_by_dnf, "libdnf5": resolved_by_libdnf5}[module](work)
    sys.stdout.write(f"it wants to install {names or 'nothing'}\n")
    return 0 if names == [NAME] else 1


if __name__ == "__main__":
    sys.exit(try_resolver(sys.argv[1], Path(sys.argv[2])) if len(sys.argv) > 1 else main())

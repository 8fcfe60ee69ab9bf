"""Installing what a package needs to be built, as mock does: what it says, and what it finds out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.status import BUILD_FAILED
from koji_adjutant.builds.failure import StepFailedError
from koji_adjutant.builds.results import package_names, remove_file, take_packages
from koji_adjutant.builds.rpmbuild import (
    DYNAMIC_BUILDREQUIRES,
    SRPMS,
    copy_source_package,
    rpmbuild,
    source_package,
    target_options,
)
from koji_adjutant.rpm.header import RpmHeader, Tag

STATIC_ROUNDS = 10
DYNAMIC_ROUNDS = 10
"""mock's static_buildrequires_max_loops and dynamic_buildrequires_max_loops."""

NEW_BUILDREQUIRES = 11
"""rpmbuild -br's exit status when %generate_buildrequires asks for what is not installed yet."""


Round = tuple[list[str], str | None]
"""What a source package required, and the key of the root that had it then."""


def install_static_requires(root: Buildroot, srpm: Path, arch: str) -> tuple[str, bool]:
    """Install what the spec's BuildRequires ask for.

    What is installed may change what the spec says (macros), so this repeats until nothing changes. Returns
    the spec's path in the buildroot, and whether there will be dynamic BuildRequires, too. Raises
    StepFailedError if the source package or its spec is of no use; DependencyError or BuildrootError if
    packages cannot be installed.
    """
    answers, key = root.workspace.cache.answers, _question(root, srpm, arch)
    rounds = _install_again(root, answers.get(key) or [])
    source = copy_source_package(root, srpm)
    for number in range(STATIC_ROUNDS):
        unpacking = None if number else source.unpacking
        if rpmbuild(root, "-bs", *target_options(arch), source.spec, after=unpacking) != 0:
            raise StepFailedError(BUILD_FAILED, "build.log")
        header = RpmHeader(source_package(root, root.workspace.workdir / "rebuilt-srpm"))
        requires = header.requirements()
        if not root.install(requires=requires).changes:
            break
        rounds.append((requires, root.key))
    answers.put(key, rounds)
    return source.spec, DYNAMIC_BUILDREQUIRES in header.texts(Tag.REQUIRENAME)


def _question(root: Buildroot, srpm: Path, arch: str) -> str:
    """Return the key of what ``srpm`` requires in a root that has nothing but its base."""
    with srpm.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = root.config
    question = ["requires", root.key, digest, arch, dict(config.macros), dict(config.environment)]
    question += config.rpmbuild_options
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


def _install_again(root: Buildroot, rounds: Sequence[Round]) -> list[Round]:
    """Install at once what the same source package needed in an equal root; return the rounds that it took.

    What a spec asks for in a given root does not change, so rpmbuild is asked only after the last round; or
    after one that leads to another root than then, since the repository has changed.
    """
    taken: list[Round] = []
    for requires, key in rounds:
        root.install(requires=requires)
        taken.append((requires, root.key))
        if root.key != key:
            break
    return taken


def install_dynamic_requires(root: Buildroot, spec: str, arch: str) -> None:
    """Let %generate_buildrequires say what it wants, and install that, until it wants nothing new.

    Raises StepFailedError if rpmbuild fails; DependencyError or BuildrootError if packages cannot be
    installed.
    """
    prep: Sequence[str] = ()
    for _round in range(DYNAMIC_ROUNDS):
        if rpmbuild(root, "-br", *prep, *target_options(arch), spec) not in (0, NEW_BUILDREQUIRES):
            raise StepFailedError(BUILD_FAILED, "build.log")
        if not _install_generated(root):
            return
        # %prep has run, and once is enough
        prep = ["--noprep"]


def _install_generated(root: Buildroot) -> bool:
    """Install what the ``*.buildreqs.nosrc.rpm`` require, and remove them.

    Returns whether that changed what is installed.
    """
    names = [name for name in package_names(root.home, SRPMS) if name.endswith(".buildreqs.nosrc.rpm")]
    directory = root.workspace.workdir / "generated-requires"
    directory.mkdir(exist_ok=True)
    changed = False
    for path in take_packages(root.home, SRPMS, directory, names):
        changed = root.install(requires=RpmHeader(path).requirements()).changes or changed
        path.unlink()
        remove_file(root.home, SRPMS, path.name)
    return changed

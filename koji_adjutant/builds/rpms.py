"""SRPM to RPMs: what ``mock --rebuild`` does for kojid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.buildroot.status import BUILD_FAILED, SRPM_UNUSABLE
from koji_adjutant.builds.failure import StepFailedError, in_koji_words
from koji_adjutant.builds.results import package_names, remove_file, take_packages
from koji_adjutant.builds.rpmbuild import (
    DYNAMIC_BUILDREQUIRES,
    RPMS,
    SRPMS,
    check_source_package,
    rpmbuild,
    source_package,
    target_options,
    unpack_source_package,
)
from koji_adjutant.rpmheader import RpmHeader, Tag

STATIC_ROUNDS = 10
DYNAMIC_ROUNDS = 10
"""mock's static_buildrequires_max_loops and dynamic_buildrequires_max_loops."""

NEW_BUILDREQUIRES = 11
"""rpmbuild -br's exit status when %generate_buildrequires asks for what is not installed yet."""


@dataclass(frozen=True)
class RpmBuild:
    """Files in resultdir: the binary RPMs (sorted) and the rebuilt source RPM."""

    rpms: tuple[Path, ...]
    srpm: Path


def build_rpms(root: Buildroot, srpm: Path, *, arch: str) -> RpmBuild:
    """Build ``srpm`` for ``arch`` (rpmbuild's --target: the task's arch, which may be noarch).

    SourceError if it is no source package; BuildFailed, BuildTimeout or DependencyError, which say "error
    building package (arch A), mock exited with status N; see build.log for more information" (root.log if
    the package manager failed).
    """
    check_source_package(srpm)
    phase = root.workspace.progress.phase
    with in_koji_words(f"error building package (arch {arch})"), phase(f"build phase for {srpm.name}"):
        with phase(f"build setup for {srpm.name}"):
            spec = unpack_source_package(root, srpm)
            dynamic = install_static_requires(root, spec, arch)
        with phase(f"rpmbuild {srpm.name}"):
            if dynamic:
                install_dynamic_requires(root, spec, arch)
            root.list_installed_packages()
            if dynamic:
                # writes the source package anew, with the requires that were generated; checks
                # dependencies, since nothing says that they come out the same once more
                status = rpmbuild(root, "-ba", "--noprep", "--noclean", "--target", arch, spec)
            else:
                status = rpmbuild(root, "-bb", *target_options(arch), spec)
            if status != 0:
                raise StepFailedError(BUILD_FAILED, "build.log")
            return collect(root)


def install_static_requires(root: Buildroot, spec: str, arch: str) -> bool:
    """Install what the spec's BuildRequires ask for; whether there will be dynamic ones, too.

    What is installed may change what the spec says (macros), so this repeats until nothing changes.
    """
    before: tuple[list[str], ...] | None = None
    for _round in range(STATIC_ROUNDS):
        if rpmbuild(root, "-bs", *target_options(arch), spec) != 0:
            raise StepFailedError(BUILD_FAILED, "build.log")
        rebuilt = source_package(root, root.workspace.workdir / "rebuilt-srpm")
        requires = _requires(rebuilt)
        # the same requires are met already, and asking the resolver takes a second
        if requires == before or not root.install_requires(rebuilt).changes:
            break
        before = requires
    return DYNAMIC_BUILDREQUIRES in requires[0]


def install_dynamic_requires(root: Buildroot, spec: str, arch: str) -> None:
    """Let %generate_buildrequires say what it wants, and install that, until it wants nothing new."""
    mode = ["-br"]
    for _round in range(DYNAMIC_ROUNDS):
        if rpmbuild(root, *mode, *target_options(arch), spec) not in (0, NEW_BUILDREQUIRES):
            raise StepFailedError(BUILD_FAILED, "build.log")
        if not _install_generated(root):
            return
        # %prep has run, and once is enough
        mode = ["-br", "--noprep"]


def _install_generated(root: Buildroot) -> bool:
    """Install what the ``*.buildreqs.nosrc.rpm`` require, and remove them; whether anything changed."""
    names = [name for name in package_names(root.home, SRPMS) if name.endswith(".buildreqs.nosrc.rpm")]
    directory = root.workspace.workdir / "generated-requires"
    directory.mkdir(exist_ok=True)
    changed = False
    for path in take_packages(root.home, SRPMS, directory, names):
        changed = root.install_requires(path).changes or changed
        path.unlink()
        remove_file(root.home, SRPMS, path.name)
    return changed


def collect(root: Buildroot) -> RpmBuild:
    """Take the results out."""
    resultdir = root.workspace.resultdir
    rpms = take_packages(root.home, RPMS, resultdir)
    srpms = take_packages(root.home, SRPMS, resultdir)
    if len(srpms) != 1:
        raise StepFailedError(
            SRPM_UNUSABLE, "build.log", f"the build left {len(srpms)} source packages instead of one"
        )
    return RpmBuild(tuple(rpms), srpms[0])


def _requires(srpm: Path) -> tuple[list[str], ...]:
    header = RpmHeader(srpm)
    flags = [str(number) for number in header.numbers(Tag.REQUIREFLAGS)]
    return list(header.texts(Tag.REQUIRENAME)), flags, list(header.texts(Tag.REQUIREVERSION))

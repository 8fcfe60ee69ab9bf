"""SCM to SRPM: kojid's buildSRPMFromSCM. A plain directory with a spec takes the same way."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.files.walk import copy_tree, special_kind, walk
from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID, Buildroot
from koji_adjutant.buildroot.specification.config import CHROOT_HOME, TOPDIR
from koji_adjutant.buildroot.status import BUILD_FAILED
from koji_adjutant.builds.autospec import fill_in_from_history
from koji_adjutant.builds.failure import StepFailedError, kojid_message_on_failure
from koji_adjutant.builds.rpmbuild import rpmbuild, target_options
from koji_adjutant.builds.sources import look, read_spec
from koji_adjutant.builds.spec import SpecRules, check_spec, choose_spec
from koji_adjutant.builds.srpm import take_source_package
from koji_adjutant.errors import SourceError, TaskStep, at_step, full_disk
from koji_adjutant.scm.checkout import CheckoutOptions, check_out
from koji_adjutant.scm.source import ScmSource

SCM_ROOT = CHROOT_HOME / "scmroot"

# $1: source directory, $2: "yes" for the SPECS/ layout. Paths of spec files, each followed by a NUL.
_LIST_SPECS = r"""
shopt -s nullglob
specs=("$1"/*.spec)
if [ "${#specs[@]}" -eq 0 ] && [ "$2" = yes ]; then specs=("$1"/SPECS/*.spec); fi
[ "${#specs[@]}" -eq 0 ] || printf '%s\0' "${specs[@]}"
"""

# $1: spec, $2: source directory, $3: "yes" for the SOURCES/ layout, $4: topdir. As mock --buildsrpm.
_LAY_OUT = r"""
set -e
[ -f "$1" ]
sources=$2
if [ "$3" = yes ] && [ -d "$2/SOURCES" ]; then sources=$2/SOURCES; fi
cp -- "$1" "$4/SPECS/"
rm -rf -- "$4/SOURCES"
mkdir -- "$4/SOURCES"
cp -a -- "$sources/." "$4/SOURCES/"
"""


@dataclass(frozen=True)
class ScmHooks:
    """What runs before and after a checkout: kojid's preSCMCheckout and postSCMCheckout callbacks.

    ``after_checkout`` gets the directory of the sources. As with kojid, a git clone belongs to this process's
    user then (git does not work in other people's), and what plugins leave there becomes the build user's.
    """

    before_checkout: Callable[[], None] = lambda: None
    after_checkout: Callable[[Path], None] = lambda _directory: None


@dataclass(frozen=True)
class ScmSrpm:
    """The SRPM, in resultdir, and koji's ``source``: url as asked for, source with the resolved commit."""

    srpm: Path
    source: dict[str, str]


@dataclass(frozen=True)
class SourceTree:
    """A checkout: its place as seen from outside and in the buildroot, and koji's ``source``.

    Outside it may be looked at until something has run in the buildroot; links are not to be followed.
    """

    outside: Path
    inside: PurePosixPath
    source: dict[str, str]


def srpm_from_scm(
    root: Buildroot,
    source: ScmSource,
    rules: SpecRules | None = None,
    hooks: ScmHooks | None = None,
    options: CheckoutOptions | None = None,
) -> ScmSrpm:
    """Check out, choose the spec, run the source command with network, and ``rpmbuild -bs``.

    Raises SourceError (checkout), SpecError (spec rules), BuildFailed ("error retrieving sources, …", "error
    building srpm, …").
    """
    tree = check_out_tree(root, source, hooks, options)
    return ScmSrpm(_srpm_from_tree(root, tree.inside, source.source_cmd, rules or SpecRules()), tree.source)


def check_out_tree(
    root: Buildroot,
    source: ScmSource,
    hooks: ScmHooks | None = None,
    options: CheckoutOptions | None = None,
) -> SourceTree:
    """Check ``source`` out into the buildroot; everything belongs to the build user then.

    Raises SourceError if that fails, or if the module that the URL names is a link out of the checkout.
    """
    hooks = hooks or ScmHooks()
    directory = _new_directory(root)
    hooks.before_checkout()
    with at_step(TaskStep.CHECKOUT):
        commit = check_out(root.workspace, source, directory, options)
        sources = _source_directory(directory, source)
    if source.is_git:
        _own_clone(directory / source.directory_name)
    hooks.after_checkout(sources)
    _give_to_build_user(directory)
    return SourceTree(sources, SCM_ROOT / source.source_directory, source.koji_source(commit))


def srpm_from_directory(
    root: Buildroot, directory: Path, source_cmd: Sequence[str] | None = None, rules: SpecRules | None = None
) -> Path:
    """Make the SRPM of a directory that has a spec and its sources, taken as they are.

    What is neither a file, a directory nor a link is left out, and build.log says so: a program that watches
    the directory may have a socket there. Raises what ``srpm_from_scm`` raises, but for a checkout.
    """
    copy = _new_directory(root) / directory.resolve().name
    try:
        left_out = copy_tree(directory.resolve(), copy, uid=BUILD_UID, gid=BUILD_GID)
    except OSError as error:
        if full_disk(error):
            raise
        raise SourceError(f"the sources in {directory} cannot be copied: {error}") from error
    if left_out:
        with (root.workspace.resultdir / "build.log").open("a") as log:
            log.writelines(f"Warning: {path!r} is {kind}, and left out\n" for path, kind in left_out.items())
    return _srpm_from_tree(root, SCM_ROOT / copy.name, source_cmd, rules or SpecRules())


def _source_directory(directory: Path, source: ScmSource) -> Path:
    """Return where the sources are, seen from outside: no link of the packager's may lead elsewhere."""
    place = directory / source.source_directory
    if _leads_to_itself(place) or not place.resolve().is_relative_to(directory.resolve()):
        raise SourceError(
            f"the module in SCM URL {source.shown_url!r} is not acceptable: "
            "a link in it leads out of the checkout"
        )
    return place


def _leads_to_itself(place: Path) -> bool:
    """Ask the kernel: of such a link ``resolve`` says nothing any more from Python 3.13 on."""
    try:
        place.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _own_clone(clone: Path) -> None:
    """Take over what git looks at to see whose a clone is."""
    for path in (clone, clone / ".git"):
        os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)


def _give_to_build_user(tree: Path) -> None:
    """Make all in a checkout the build user's. Raises SourceError for what is no source."""
    os.chown(tree, BUILD_UID, BUILD_GID)
    for entry in walk(tree):
        if kind := special_kind(entry.status.st_mode):
            sentence = f"{entry.path} is {kind}: sources are files, directories and links, so remove it"
            raise SourceError(sentence)
        if entry.status.st_uid != BUILD_UID:
            os.chown(entry.name, BUILD_UID, BUILD_GID, dir_fd=entry.directory, follow_symlinks=False)


def _new_directory(root: Buildroot) -> Path:
    directory = root.home / SCM_ROOT.relative_to(CHROOT_HOME)
    directory.mkdir()
    os.chown(directory, BUILD_UID, BUILD_GID)
    return directory


def _srpm_from_tree(
    root: Buildroot, directory: PurePosixPath, source_cmd: Sequence[str] | None, rules: SpecRules
) -> Path:
    """Choose the spec, run the source command and make the SRPM.

    From here on the tree is looked at only from inside: it may be full of links.
    """
    log = root.workspace.resultdir / "build.log"
    phase = root.workspace.progress.phase
    spec = _choose(root, directory, rules, log)
    if source_cmd:
        retrieving = kojid_message_on_failure("error retrieving sources")
        with retrieving, phase("source command"), at_step(TaskStep.SOURCES):
            status = root.run(
                _as_mock_runs(source_cmd),
                log=log,
                cwd=directory,
                timeout=root.config.rpmbuild_timeout or None,
            )
            if status != 0:
                raise StepFailedError(status, "build.log")
    return build_source_package(root, spec, directory, rules)


def build_source_package(
    root: Buildroot, spec: PurePosixPath, directory: PurePosixPath, rules: SpecRules
) -> Path:
    """Make the SRPM of a spec and a directory of sources, as ``mock --buildsrpm`` does. Returns its path.

    Raises BuildFailed ("error building srpm, …") or BuildTimeout; SourceError for an SRPM of another name.
    """
    log = root.workspace.resultdir / "build.log"
    phase = root.workspace.progress.phase
    with kojid_message_on_failure("error building srpm"), phase("buildsrpm"), at_step(TaskStep.SRPM):
        arguments = [str(spec), str(directory), _layout(rules), str(TOPDIR)]
        limit = root.config.rpmbuild_timeout or None
        if root.run(["/bin/bash", "-c", _LAY_OUT, "lay-out", *arguments], log=log, timeout=limit) != 0:
            raise StepFailedError(BUILD_FAILED, "build.log", "the sources could not be copied")
        fill_in_from_history(root, TOPDIR / "SPECS" / spec.name, directory, log)
        with phase("rpmbuild -bs"):
            if rpmbuild(root, "-bs", *target_options("noarch"), str(TOPDIR / "SPECS" / spec.name)) != 0:
                raise StepFailedError(BUILD_FAILED, "build.log")
    return take_source_package(root)


def _layout(rules: SpecRules) -> str:
    return "yes" if rules.support_rpm_source_layout else "no"


def _as_mock_runs(command: Sequence[str]) -> Sequence[str]:
    """Return the command as ``mock --chroot`` runs it: one that is a single word is read by a shell."""
    return command if len(command) > 1 else ["/bin/sh", "-c", *command]


def _choose(root: Buildroot, directory: PurePosixPath, rules: SpecRules, log: Path) -> PurePosixPath:
    _, listed = look(root, _LIST_SPECS, str(directory), _layout(rules))
    names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    spec = choose_spec([PurePosixPath(name) for name in names], directory.name)
    for warning in check_spec(read_spec(root, spec).decode("utf-8", "replace"), rules):
        with log.open("a") as sink:
            sink.write(f"Warning: {spec.name}: {warning}; this builder lets it pass\n")
    return spec

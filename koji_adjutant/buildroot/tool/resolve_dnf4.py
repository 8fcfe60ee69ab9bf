"""Resolving with dnf 4's Python interface."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import dnf
import dnf.exceptions
import dnf.module.module_base
import dnf.selector
from comps import GroupPackage
from question import CACHE, CONFIGURATION, ROOT, WORK, Answer, Question, UnresolvableError, say

NEVER_EXPIRES = -1
"""Seconds, to dnf: what metadata it gets is decided by who calls this."""


def resolve(question: Question, members: Sequence[GroupPackage], answer: Answer) -> None:
    """Answer the question. Raises UnresolvableError if there is no answer."""
    try:
        with dnf.Base() as base:
            configure(base, question)
            read_repositories(base)
            answer.read = True
            set_up_modules(base, question)
            mark(base, question, members, answer)
            if not answer.missing:
                base.resolve(allow_erasing=True)
                answer.erase = sorted(map(str, base.transaction.remove_set))
                answer.install = [
                    describe(package) for package in sorted(base.transaction.install_set, key=str)
                ]
    except dnf.exceptions.Error as error:
        raise UnresolvableError(str(error)) from error


def configure(base: Any, question: Question) -> None:
    """Set dnf up for the root: configuration and cache are those of the question, nothing is the image's."""
    conf = base.conf
    conf.installroot = str(ROOT)
    conf.config_file_path = str(CONFIGURATION)
    conf.substitutions["releasever"] = question.releasever or ""
    if question.forcearch:
        conf.ignorearch = True
        conf.arch = question.forcearch
    conf.read(str(CONFIGURATION))
    conf.cachedir = str(CACHE)
    conf.persistdir = str(WORK / "persist")
    conf.logdir = str(WORK)
    conf.reposdir = []
    if hasattr(conf, "optional_metadata_types"):
        # dnf >= 4.19 knows only some of a package's files otherwise
        conf.optional_metadata_types = ["filelists"]


def read_repositories(base: Any) -> None:
    """Read the repositories' metadata, and what is installed if there is a root."""
    started = time.monotonic()
    base.read_all_repos()
    for repo in base.repos.iter_enabled():
        repo.metadata_expire = NEVER_EXPIRES
        # a repository that cannot be read is a failure, never an empty repository
        repo.skip_if_unavailable = False
    base.fill_sack(load_system_repo=(ROOT / "usr").is_dir())
    say(f"Repositories read in {time.monotonic() - started:.1f} s: {', '.join(base.repos.keys())}")


def set_up_modules(base: Any, question: Question) -> None:
    """Carry out ``mock.module_setup_commands``."""
    modules = dnf.module.module_base.ModuleBase(base)
    actions = {
        "enable": modules.enable,
        "disable": modules.disable,
        "reset": modules.reset,
        "install": modules.install,
    }
    for action, specs in question.module_commands():
        if action not in actions:
            raise UnresolvableError(f"unknown module command: {action}")
        try:
            actions[action](specs)
        except RuntimeError as error:  # what the library below dnf has to say
            raise UnresolvableError(str(error)) from error


def mark(base: Any, question: Question, members: Sequence[GroupPackage], answer: Answer) -> None:
    """Ask for all that is wanted; what does not exist is missing in the answer."""
    for member in members:
        install_member(base, member)
    for package in question.packages:
        try:
            base.install(package, strict=True)
        except dnf.exceptions.MarkingError:
            answer.miss(package)
    for requirement in question.requires:
        if not require(base, requirement):
            answer.miss(requirement)


def install_member(base: Any, member: GroupPackage) -> None:
    """Ask for a package of a group, which may name one that does not exist (any more)."""
    packages = base.sack.query().filterm(name=member.name)
    packages.filterm(arch__neq=["src", "nosrc"])
    if member.base_arch_only:
        packages.filterm(arch=base.conf.substitutions["basearch"])
    if not packages:
        say(f"No match for group package '{member.name}'")
        return
    selector = dnf.selector.Selector(base.sack)
    if member.requires:
        selector.set(provides=f"({member.name} if {member.requires})")
    else:
        # only what obsoletes the newest counts, unless there is one installed
        newest = packages if packages.installed() else packages.filter(latest_per_arch_by_priority=True)
        selector.set(pkg=packages.union(base.sack.query().filterm(obsoletes=newest)))
    base._goal.install(select=selector, optional=False)


def require(base: Any, requirement: str) -> bool:
    """Ask for something that provides this; False if there is nothing. The rules are dnf builddep's."""
    selector = dnf.selector.Selector(base.sack)
    selector.set(provides=requirement)
    found = selector.matches()
    if not found and requirement.startswith("/"):
        selector = dnf.selector.Selector(base.sack)
        selector.set(file=requirement)
        found = selector.matches()
    if not found and not requirement.startswith("("):
        # a rich dependency without a match may still be fine, which the solver decides
        return False
    base._goal.install(select=selector, optional=False)
    return True


def describe(package: Any) -> dict[str, Any]:
    """Return what plan.PackageFile has of a package."""
    kind, checksum = package.returnIdSum()
    return {
        "nevra": str(package),
        "checksum": f"{kind}:{checksum}",
        "size": package.downloadsize,
        "repository": package.reponame,
        "location": package.relativepath,
        "base": package.baseurl,
    }

"""Resolving with dnf5's library, with the answers that dnf 4 gives.

The library's own defaults are taken back where they would give others: it takes the best candidate or none,
finds programs by their names, and reads configuration inside of the root.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import libdnf5.base
import libdnf5.common
import libdnf5.conf
import libdnf5.exception
import libdnf5.repo
import libdnf5.rpm
import libdnf5.transaction
from comps import GroupPackage
from question import CACHE, CONFIGURATION, ROOT, WORK, Answer, Question, UnresolvableError, say

DEFAULT = libdnf5.conf.Option.Priority_DEFAULT
COMMANDLINE = libdnf5.conf.Option.Priority_COMMANDLINE
"""What is set with less, the library takes to be a place inside of the root."""

ERRORS = (
    RuntimeError,
    # since 5.2.13 the library has its own
    *(getattr(libdnf5.exception, name, RuntimeError) for name in ("Error", "NonLibdnf5Exception")),
)

NEVER_EXPIRES = -1

NOT_THERE = {
    libdnf5.base.GoalProblem_NOT_FOUND,
    libdnf5.base.GoalProblem_EXCLUDED,
    libdnf5.base.GoalProblem_ONLY_SRC,
}
HARMLESS = {libdnf5.base.GoalProblem_NO_PROBLEM, libdnf5.base.GoalProblem_ALREADY_INSTALLED}


def resolve(question: Question, members: Sequence[GroupPackage], answer: Answer) -> None:
    """Answer the question. Raises UnresolvableError if there is no answer."""
    try:
        base = opened(question)
        answer.read = True
        if question.modules:
            set_up_modules(base, question)
            # what they hide is decided when repositories are read
            base = opened(question)
        goal = libdnf5.base.Goal(base)
        goal.set_allow_erasing(True)
        mark(base, goal, question, members, answer)
        solve(goal, answer)
    except ERRORS as error:
        raise UnresolvableError(str(error)) from error


def opened(question: Question) -> Any:
    """Make a base that knows what is in the repositories and in the root."""
    base = libdnf5.base.Base()
    configure(base, question)
    read_repositories(base)
    return base


def configure(base: Any, question: Question) -> None:
    """Set the library up for the root: configuration and cache are the question's, nothing is the image's."""
    config, variables = base.get_config(), base.get_vars()
    config.get_best_option().set(DEFAULT, False)
    parser = libdnf5.conf.ConfigParser()
    parser.read(str(CONFIGURATION))
    # not base.load_config(), which reads what the root has in /etc/dnf besides
    config.load_from_parser(parser, "main", variables.get(), base.get_logger().get())
    config.installroot = str(ROOT)
    config.plugins = False
    config.get_cachedir_option().set(COMMANDLINE, str(CACHE))
    config.get_system_cachedir_option().set(COMMANDLINE, str(CACHE))
    config.get_logdir_option().set(COMMANDLINE, str(WORK))
    config.get_varsdir_option().set(COMMANDLINE, ())
    config.optional_metadata_types = ("filelists",)
    variables.set("releasever", question.releasever or "")
    if question.forcearch:
        config.ignorearch = True
        variables.set("arch", question.forcearch)
    base.setup()


def read_repositories(base: Any) -> None:
    """Read the repositories' metadata, and what is installed if there is a root."""
    started = time.monotonic()
    repositories = base.get_repo_sack()
    repositories.create_repos_from_file(str(CONFIGURATION))
    names = []
    for repository in libdnf5.repo.RepoQuery(base):
        config = repository.get_config()
        config.metadata_expire = NEVER_EXPIRES
        # a repository that cannot be read is a failure, never an empty repository
        config.skip_if_unavailable = False
        names.append(repository.get_id())
    if (ROOT / "usr").is_dir():
        repositories.load_repos()
    else:
        repositories.load_repos(libdnf5.repo.Repo.Type_AVAILABLE)
    say(f"Repositories read in {time.monotonic() - started:.1f} s: {', '.join(names)}")


def set_up_modules(base: Any, question: Question) -> None:
    """Carry out ``mock.module_setup_commands``, in order.

    What comes of them is written to the root, which is thrown away.
    """
    transaction: Any = None
    for action, specs in question.module_commands():
        goal = libdnf5.base.Goal(base)
        actions = {
            "enable": goal.add_module_enable,
            "disable": goal.add_module_disable,
            "reset": goal.add_module_reset,
        }
        if action == "install":
            raise UnresolvableError("dnf5 cannot install modules: that takes mock.package_manager=dnf")
        if action not in actions:
            raise UnresolvableError(f"unknown module command: {action}")
        for spec in specs:
            actions[action](spec, libdnf5.base.GoalJobSettings())
        transaction = goal.resolve()
        if transaction.get_problems() != libdnf5.base.GoalProblem_NO_PROBLEM:
            raise UnresolvableError("\n".join(transaction.get_resolve_logs_as_strings()))
    result = transaction.run()
    if result != libdnf5.base.Transaction.TransactionRunResult_SUCCESS:
        problems = transaction.get_transaction_problems()
        raise UnresolvableError(f"modules cannot be set up: {' '.join(problems) or result}")


def mark(base: Any, goal: Any, question: Question, members: Sequence[GroupPackage], answer: Answer) -> None:
    """Ask for all that is wanted; what does not exist is missing in the answer.

    As far as it shows before the goal is solved.
    """
    for member in members:
        install_member(base, goal, member)
    by_name = libdnf5.base.GoalJobSettings()
    by_name.set_with_binaries(False)
    for package in question.packages:
        goal.add_rpm_install(package, by_name)
    for requirement in question.requires:
        if not require(base, goal, requirement):
            answer.miss(requirement)


def install_member(base: Any, goal: Any, member: GroupPackage) -> None:
    """Ask for a package of a group, which may name one that does not exist (any more)."""
    packages = libdnf5.rpm.PackageQuery(base)
    packages.filter_name([member.name])
    packages.filter_arch(["src", "nosrc"], libdnf5.common.QueryCmp_NEQ)
    if member.base_arch_only:
        packages.filter_arch([base.get_vars().get_value("basearch")])
    if packages.empty():
        say(f"No match for group package '{member.name}'")
    elif member.requires:
        goal.add_provide_install(f"({member.name} if {member.requires})")
    else:
        # only what obsoletes the newest counts, unless there is one installed
        newest = libdnf5.rpm.PackageQuery(packages)
        newest.filter_installed()
        if newest.empty():
            newest = libdnf5.rpm.PackageQuery(packages)
            newest.filter_priority()
            newest.filter_latest_evr()
        obsoleting = libdnf5.rpm.PackageQuery(base)
        obsoleting.filter_obsoletes(newest)
        packages.update(obsoleting)
        goal.add_rpm_install(packages)


def require(base: Any, goal: Any, requirement: str) -> bool:
    """Ask for something that provides this; False if there is nothing. The rules are dnf 4's builddep's."""
    providing = libdnf5.rpm.PackageQuery(base)
    providing.filter_provides(libdnf5.rpm.Reldep(base, requirement))
    # a rich dependency without a match may still be fine, which the solver decides
    if not providing.empty() or requirement.startswith("("):
        goal.add_provide_install(requirement)
        return True
    having = libdnf5.rpm.PackageQuery(base)
    having.filter_file([requirement])
    if not requirement.startswith("/") or having.empty():
        return False
    goal.add_rpm_install(having)
    return True


def solve(goal: Any, answer: Answer) -> None:
    """Put into the answer what is missing, else what changes. Raises UnresolvableError."""
    transaction = goal.resolve()
    events = transaction.get_resolve_logs()
    for event in events:
        if event.get_problem() in NOT_THERE:
            answer.miss(event.get_spec())
    if answer.missing:
        return
    if transaction.get_problems() != libdnf5.base.GoalProblem_NO_PROBLEM:
        words = [event.to_string() for event in events if event.get_problem() not in HARMLESS]
        raise UnresolvableError("\n".join(words))
    inbound = libdnf5.transaction.transaction_item_action_is_inbound
    outbound = libdnf5.transaction.transaction_item_action_is_outbound
    items = [(item.get_action(), item.get_package()) for item in transaction.get_transaction_packages()]
    answer.erase = sorted(package.get_nevra() for action, package in items if outbound(action))
    installed = [package for action, package in items if inbound(action)]
    answer.install = [describe(package) for package in sorted(installed, key=lambda each: each.get_nevra())]


def describe(package: Any) -> dict[str, Any]:
    """Return what plan.PackageFile has of a package."""
    checksum = package.get_checksum()
    return {
        "nevra": package.get_nevra(),
        "checksum": f"{checksum.get_type_str()}:{checksum.get_checksum()}",
        "size": package.get_download_size(),
        "repository": package.get_repo_id(),
        "location": package.get_location(),
        "base": package.get_baseurl() or None,
    }

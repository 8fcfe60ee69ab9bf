"""Every error that the project raises on purpose, in one place.

Each class is also a koji fault class, so that an error that ends a task reaches the hub with the fault
code a stock builder would send (``koji.daemon.TaskManager.runTask`` takes ``faultCode`` from the class),
and each has an exit code of its own for ``koji-adjutant build``.

A message is one sentence: what is wrong, where, and what to do.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum

import koji

from koji_adjutant.text import printable, without_passwords

MESSAGE_MAX = 16384
"""Characters of a message that are passed on."""


class FailureClass(StrEnum):
    """Whose turn it is when a task has failed; journal, metrics and fault messages use these words."""

    SCM = "scm"
    SPEC = "spec"
    DEPENDENCY = "dependency"
    BUILD = "build"
    CHECK = "check"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    DISK = "disk"
    CANCELLED = "cancelled"
    IMAGE = "image"
    HUB = "hub"
    INFRASTRUCTURE = "infrastructure"


class TaskStep(StrEnum):
    """What a task was doing when it failed; ``failure.json`` uses these words."""

    CHECKOUT = "checkout"
    SOURCES = "sources"
    RESOLVE = "resolve"
    DOWNLOAD = "download"
    INSTALL = "install"
    SRPM = "srpm"
    BUILD = "build"
    CHECK = "check"
    COLLECT = "collect"
    COMMAND = "command"
    CREATEREPO = "createrepo"
    UPLOAD = "upload"


@contextmanager
def at_step(step: TaskStep) -> Iterator[None]:
    """Mark an error that ends the block with the step that it happened at; the innermost block's counts."""
    try:
        yield
    except Exception as error:
        if not hasattr(error, "step"):
            error.step = step  # type: ignore[attr-defined]
        raise


class AdjutantError(koji.GenericError):  # type: ignore[misc]
    """Base of all: koji.GenericError's fault code (1000).

    ``failure`` is the class of a task that ends with it, if no log shows a better one. ``log_name`` is where
    there is more to read, for errors whose message does not say so.
    """

    exit_code = 1
    failure = FailureClass.INFRASTRUCTURE
    log_name: str | None = None

    def __str__(self) -> str:
        """Write what XML or a terminal cannot take as an escape: packagers' names are in many messages.

        The hub could not read the fault otherwise, and would have the task done again and again.
        """
        return printable(super().__str__()[:MESSAGE_MAX])


class UsageError(AdjutantError):
    """The command line or the configuration cannot be used as given."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file or an environment override is wrong."""


class PolicyError(ConfigError):
    """An image policy is not what it must be."""


class SpecificationError(UsageError, koji.BuildrootError):  # type: ignore[misc]
    """No buildroot can be what it is said to be: an arch that is none, a tag's extra that means nothing."""

    failure = FailureClass.HUB


class ArgumentError(AdjutantError, koji.ParameterError):  # type: ignore[misc]
    """A task was given arguments that it does not take."""

    failure = FailureClass.HUB


class SourceError(AdjutantError, koji.BuildError):  # type: ignore[misc]
    """The source is not available: URL refused, unknown revision, missing or unusable SRPM."""

    exit_code = 3
    failure = FailureClass.SCM


class SpecError(AdjutantError, koji.BuildError):  # type: ignore[misc]
    """The sources hold no usable spec file."""

    exit_code = 4
    failure = FailureClass.SPEC


class DependencyError(AdjutantError, koji.BuildError):  # type: ignore[misc]
    """BuildRequires that the repository cannot satisfy."""

    exit_code = 5
    failure = FailureClass.DEPENDENCY


class BuildFailed(AdjutantError, koji.BuildError):  # type: ignore[misc]
    """rpmbuild, or the command that fetches sources, failed."""

    exit_code = 6
    failure = FailureClass.BUILD


class BuildPrevented(BuildFailed):
    """What a build needs could not be had: packages, or a container that works. Its cause has the class."""

    failure = FailureClass.INFRASTRUCTURE


class BuildTimeout(BuildFailed):
    """A build step ran longer than ``rpmbuild_timeout``."""

    exit_code = 7
    failure = FailureClass.TIMEOUT


class DiskLimitExceeded(BuildFailed):
    """A task took more of the disk than ``disk_limit`` allows, and was stopped."""

    failure = FailureClass.DISK


class DiskNearlyFull(BuildFailed):
    """A task took most where a disk was nearly full, and was stopped. Elsewhere there may be room for it."""

    failure = FailureClass.DISK


class StepStoppedError(BuildFailed):
    """A build has stopped the shell that its step ran in."""


class BuildrootError(AdjutantError, koji.BuildrootError):  # type: ignore[misc]
    """The buildroot could not be composed, or what is in it cannot be accounted for."""

    exit_code = 8


class DamagedEntryError(BuildrootError):
    """What a task used from the store is not any more what was put there; no package is to blame."""


class InstallTimeout(BuildrootError):
    """Resolving or installing packages took longer than ``install_timeout``."""

    exit_code = 7
    failure = FailureClass.TIMEOUT


class InstallError(BuildrootError):
    """rpm refused packages, a script of theirs failed, or they left what no buildroot may have."""

    failure = FailureClass.DEPENDENCY


class LockError(AdjutantError):
    """A buildroot is not, or could not be made to be, what its lock says."""

    exit_code = 11


class ProvenanceError(AdjutantError):
    """Provenance cannot be made or signed, or does not show what it is to show."""

    exit_code = 13


class ImageError(BuildrootError):
    """A container image is not available, or is for another architecture."""

    exit_code = 9
    failure = FailureClass.IMAGE


class DiskFull(AdjutantError):
    """The worker itself could not write: a disk of this machine is full, or a quota is used up."""

    exit_code = 12
    failure = FailureClass.DISK


class EngineError(AdjutantError):
    """podman is missing, too old, unreachable, or refused to do what it was asked."""

    exit_code = 10


class ContainerTimeout(EngineError):
    """A container operation took longer than its limit allows."""


class CommandStoppedError(EngineError):
    """A command in a container was stopped by a signal, for good, and was killed."""


class CommandFailed(AdjutantError, koji.BuildrootError):  # type: ignore[misc]
    """The command of a runroot task failed."""

    failure = FailureClass.BUILD
    log_name = "runroot.log"


class CreateRepoError(AdjutantError):
    """createrepo_c or mergerepo_c failed, or what they made is not whole; ``log_name`` has their words."""

    def __init__(self, message: str, log_name: str) -> None:
        super().__init__(message)
        self.log_name = log_name


class RepoContentError(AdjutantError):
    """What is to go into a repository is not there, not signed as it has to be, or does not fit together."""

    failure = FailureClass.HUB


class MailError(AdjutantError):
    """The mail server did not take a notification."""


class NotFound(AdjutantError):
    """What a command is to show is not on this machine: a task, its log, the journal."""


class HubError(AdjutantError):
    """The hub is out of reach, is no hub, or does not let this worker in; kojid exits with 1 then."""

    failure = FailureClass.HUB


@contextmanager
def full_disk_said() -> Iterator[None]:
    """Turn what the system says of a full disk, wherever in the block that is, into a sentence.

    Raises DiskFull.
    """
    try:
        yield
    except AdjutantError:
        raise
    except Exception as error:
        full = full_disk(error)
        if full is None:
            raise
        place = f" (at {full.filename})" if isinstance(full.filename, str) else ""
        raise DiskFull(
            f"a disk of this machine is full{place}, and the work could not go on: free space in workdir, "
            "state_dir and log_dir"
        ) from error


def full_disk(error: BaseException) -> OSError | None:
    """Return what the system said of a full disk, if that is what an error comes from."""
    for each in chain(error):
        if isinstance(each, OSError) and each.errno in (errno.ENOSPC, errno.EDQUOT):
            return each
    return None


@contextmanager
def passwords_kept_out() -> Iterator[None]:
    """Take passwords in URLs out of an error that ends the block, and of those that it comes from.

    They reach the hub, as text or as a traceback, whoever has raised them.
    """
    try:
        yield
    except Exception as error:
        for each in chain(error):
            each.args = tuple(without_passwords(one) if isinstance(one, str) else one for one in each.args)
        raise


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and everything it was made from, wherever requests and urllib3 keep it."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner: Sequence[object] = (
            link.__cause__,
            link.__context__,
            getattr(link, "reason", None),
            *link.args,
        )
        waiting += [item for item in inner if isinstance(item, BaseException)]

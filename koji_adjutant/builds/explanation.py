"""Why a task failed: a class, one sentence, and the lines of a log that show it.

The explanation becomes the end of the task's fault message, whose first line stays the stock builder's:

    error building package (arch x86_64), mock exited with status 10; see build.log for more information

    Why (build): in %build: hello.c:4:22: error: 'many' undeclared (first use in this function)
    build.log, from byte 51200:
        hello.c: In function 'greet':
        …
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import koji
import requests
from koji.tasks import RefuseTask, ServerExit, ServerRestart

from koji_adjutant.builds.decisive import SENTENCE_LENGTH, Finding, find_decisive
from koji_adjutant.errors import (
    AdjutantError,
    BuildPrevented,
    ContainerTimeout,
    DamagedEntryError,
    EngineError,
    FailureClass,
    InstallError,
    SourceError,
    TaskStep,
    full_disk,
)
from koji_adjutant.text import printable

GENERAL = {
    FailureClass.SCM: "the source is not available",
    FailureClass.SPEC: "the spec file is not usable as it is",
    FailureClass.DEPENDENCY: "packages that the build needs could not be installed",
    FailureClass.BUILD: "a command of the build failed",
    FailureClass.CHECK: "the package's own tests failed",
    FailureClass.TIMEOUT: "a step ran longer than it may",
    FailureClass.MEMORY: "there was not enough memory",
    FailureClass.DISK: "a disk was full",
    FailureClass.CANCELLED: "a task was cancelled",
    FailureClass.IMAGE: "the tool image is not available",
    FailureClass.HUB: "the hub, or what it knows, does not allow this task",
    FailureClass.INFRASTRUCTURE: "this builder failed, not the package",
}
"""What a class means, for failures that have no better sentence."""

_LOG_NAMED = re.compile(r"see (\w+\.log)")
_ONLY_A_STATUS = re.compile(r"exited with status \d+$")
_EXPLANATION = re.compile(
    r"^Why \((\w+)\): (.*)(?:\n(\w+\.log), from byte (\d+):\n((?: {4}.*(?:\n|\Z))*))?", re.MULTILINE
)
_NO_SPACE = re.compile(
    r"no space left on device|disk quota exceeded|needs \d+\S{0,3} more (?:space|inodes)", re.IGNORECASE
)
_NO_MEMORY = re.compile(r"cannot allocate memory", re.IGNORECASE)


@dataclass(frozen=True)
class Explanation:
    """Why a task failed.

    ``excerpt`` begins ``offset`` bytes into the task's ``log``; both are None without an excerpt. ``step`` is
    what the task was doing, where that is known.
    """

    failure: FailureClass
    sentence: str
    log: str | None = None
    offset: int | None = None
    excerpt: tuple[str, ...] = ()
    step: TaskStep | None = None

    def __str__(self) -> str:
        text = f"Why ({self.failure}): {self.sentence}"
        if self.excerpt:
            text += f"\n{self.log}, from byte {self.offset}:"
            text += "".join(f"\n    {line}" for line in self.excerpt)
        return text


def explain(error: BaseException, logs: Path | None = None, *, out_of_memory: bool = False) -> Explanation:
    """Explain why a task ended with ``error``; ``logs`` is the directory of its logs, if it has any.

    A failed subtask's explanation is its parent's. ``out_of_memory`` says that the kernel killed a process of
    the task for want of memory, which no log needs to show.

    The step that failed has decided the class, by the error that it ended with. The log finds the lines; it
    knows better only where a command's own end says no more than that it failed: a full disk, no memory, and
    which part of a build it was.
    """
    attached = getattr(error, "explanation", None)
    explained = attached if isinstance(attached, Explanation) else parse_explanation(str(error))
    if explained is not None:
        return explained
    failure, step = failure_class(error), _step(error)
    log = _log_of(error, step, logs)
    found = find_decisive(log) if log else None
    sentence = _own_words(error)
    if out_of_memory and failure in (FailureClass.BUILD, FailureClass.INFRASTRUCTURE):
        failure = FailureClass.MEMORY
        sentence = "the kernel killed a process of the build for want of memory"
    elif found:
        shown = _class_shown_by_log(failure, found)
        if shown is not failure or not sentence or _ONLY_A_STATUS.search(sentence):
            sentence = _quote(found) or sentence
        failure = shown
    step = TaskStep.CHECK if failure is FailureClass.CHECK else step
    sentence = printable(sentence or GENERAL[failure])[:SENTENCE_LENGTH]
    if log is None or found is None:
        return Explanation(failure, sentence, step=step)
    return Explanation(failure, sentence, log.name, found.offset, found.lines, step)


def failure_class(error: BaseException) -> FailureClass:
    """Return the class that the exception alone shows."""
    message = str(error)
    if isinstance(error, DamagedEntryError):
        return error.failure  # whatever it has broken
    if not isinstance(error, koji.GenericError) and full_disk(error):
        return FailureClass.DISK
    if isinstance(error, MemoryError):
        return FailureClass.MEMORY
    if isinstance(error, requests.exceptions.RequestException):
        return FailureClass.HUB
    if not isinstance(error, koji.GenericError) or isinstance(error, koji.CallbackError):
        return FailureClass.INFRASTRUCTURE
    if re.fullmatch(r"Task \d+ is canceled", message.strip()):
        return FailureClass.CANCELLED
    prevented = isinstance(error, BuildPrevented)
    # a stock builder has the same words for whatever keeps it from the sources
    if not prevented and (message.startswith("error retrieving sources") or re.search(r"\bSCMs?\b", message)):
        return FailureClass.SCM
    if re.match(r"No (?:matching|valid) arches were found", message):
        return FailureClass.SPEC
    return _own_class(error) if isinstance(error, AdjutantError) else FailureClass.HUB


def parse_explanation(message: str) -> Explanation | None:
    """Return the explanation that a fault message ends with, None if it has none.

    A parent task gets the explanation of a failed subtask in this way, from the hub.
    """
    match = _EXPLANATION.search(message)
    if match is None or match[1] not in set(FailureClass):
        return None
    lines = tuple(line[4:] for line in (match[5] or "").splitlines())
    return Explanation(FailureClass(match[1]), match[2], match[3], int(match[4]) if match[4] else None, lines)


@contextmanager
def explanation_attached_to_errors(
    logs: Path, out_of_memory: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Give an error that ends the block its ``explanation``, while the logs are there to look into.

    ``out_of_memory`` says whether the kernel killed one of the task's processes for want of memory.
    """
    try:
        yield
    except Exception as error:
        if not hasattr(error, "explanation"):
            why = explain(error, logs, out_of_memory=out_of_memory())
            error.explanation = why  # type: ignore[attr-defined]
        raise


@contextmanager
def explanation_in_error_messages() -> Iterator[None]:
    """Add the explanation to an error that ends the block, below a stock builder's words: the hub gets both.

    ``koji.daemon.TaskManager.runTask`` sends the text of koji's errors, and a traceback of others.
    """
    try:
        yield
    except (RefuseTask, ServerExit, ServerRestart):
        raise  # koji's ways to end a task that has not failed
    except Exception as error:
        explanation = explain(error)
        error.explanation = explanation  # type: ignore[attr-defined]
        if not isinstance(error, koji.GenericError):
            error.add_note(str(explanation))
        elif parse_explanation(str(error)) is None:
            words = str(error).partition("\n")[0] if isinstance(error, AdjutantError) else str(error)
            error.args = (f"{words}\n\n{explanation}",)
        raise


def _own_class(error: AdjutantError) -> FailureClass:
    if isinstance(error, SourceError) and isinstance(error.__cause__, ContainerTimeout):
        return FailureClass.TIMEOUT
    cause = _cause(error)
    # of an image, a root, a container or an installation, not of what a package does
    if cause.failure in (FailureClass.INFRASTRUCTURE, FailureClass.IMAGE) or isinstance(cause, InstallError):
        if _NO_SPACE.search(str(cause)) or full_disk(cause):
            return FailureClass.DISK
        if _NO_MEMORY.search(str(cause)):
            return FailureClass.MEMORY
    return cause.failure


def _cause(error: AdjutantError) -> AdjutantError:
    """Return the first cause of ours that says more than "it failed".

    If there is no buildroot since there is no image, for example, that is the image's error.
    """
    if isinstance(error, DamagedEntryError):
        return error
    cause = error.__cause__
    if error.failure is FailureClass.INFRASTRUCTURE and isinstance(cause, AdjutantError):
        return _cause(cause)
    return error


def _step(error: BaseException) -> TaskStep | None:
    """Return what the task was doing when the first of the errors came up that led to this one."""
    inner = _step(error.__cause__) if error.__cause__ else None
    return inner or getattr(error, "step", None)


def _log_of(error: BaseException, step: TaskStep | None, logs: Path | None) -> Path | None:
    """Return the log that shows why: none where no command failed, but a container or a root, or with what
    was made."""
    cause = _cause(error) if isinstance(error, AdjutantError) else error
    if (
        logs is None
        or isinstance(cause, EngineError | DamagedEntryError)
        or step in (TaskStep.COLLECT, TaskStep.UPLOAD)
    ):
        return None
    named = _LOG_NAMED.search(str(error))
    name = named[1] if named else getattr(error, "log_name", None)
    return logs / name if name and (logs / name).is_file() else None


def _class_shown_by_log(failure: FailureClass, found: Finding) -> FailureClass:
    """Return the class that the log shows where it may know better than the exception, else ``failure``."""
    shown = found.sign.failure if found.sign else None
    if shown in (FailureClass.DISK, FailureClass.MEMORY):
        return shown
    if failure is FailureClass.BUILD:
        if shown is FailureClass.SPEC or found.unread:
            return FailureClass.SPEC
        return FailureClass.CHECK if found.section == "%check" else failure
    if failure is FailureClass.DEPENDENCY and shown is FailureClass.INFRASTRUCTURE:
        return shown
    return failure


def _quote(found: Finding) -> str:
    place = f"in {found.section}: " if found.section else ""
    if found.sentence:
        return place + found.sentence
    return f"{place}the command failed and did not say why: {found.command}" if found.command else ""


def _own_words(error: BaseException) -> str:
    """Return what is known without any log: what an error of ours says below a stock builder's line.

    Where there is nothing below, the line itself, unless it only says which log to see.
    """
    if not isinstance(error, koji.GenericError) or isinstance(error, koji.CallbackError):
        return ""
    first, _, rest = str(error).partition("\n")
    if isinstance(error, AdjutantError) and rest:
        return " ".join(rest.split())
    cause = _cause(error) if isinstance(error, AdjutantError) else error
    if cause is not error:
        return _own_words(cause)
    return "" if _LOG_NAMED.search(first) else first

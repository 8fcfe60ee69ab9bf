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
from koji_adjutant.errors import AdjutantError, ContainerTimeout, FailureClass, SourceError, full_disk
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
_EXPLANATION = re.compile(
    r"^Why \((\w+)\): (.*)(?:\n(\w+\.log), from byte (\d+):\n((?: {4}.*(?:\n|\Z))*))?", re.MULTILINE
)
_NO_SPACE = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_NO_MEMORY = re.compile(r"cannot allocate memory", re.IGNORECASE)


@dataclass(frozen=True)
class Explanation:
    """Why a task failed.

    ``excerpt`` begins ``offset`` bytes into the task's ``log``; both are None without an excerpt.
    """

    failure: FailureClass
    sentence: str
    log: str | None = None
    offset: int | None = None
    excerpt: tuple[str, ...] = ()

    @property
    def adds_something(self) -> bool:
        """Whether it says more than the class of the failure."""
        return bool(self.excerpt) or self.sentence != GENERAL[self.failure]

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
    """
    attached = getattr(error, "explanation", None)
    explained = attached if isinstance(attached, Explanation) else parse_explanation(str(error))
    if explained is not None:
        return explained
    failure = failure_class(error)
    log = _log_of(str(error), failure, logs)
    found = find_decisive(log) if log else None
    sentence = _reason(error)
    if failure is FailureClass.BUILD and out_of_memory:
        failure = FailureClass.MEMORY
        sentence = "the kernel killed a process of the build for want of memory"
    elif found and (better := _class_shown_by_log(failure, found)):
        failure = better
        sentence = sentence if failure is FailureClass.DEPENDENCY and sentence else _quote(found)
    sentence = printable(sentence or GENERAL[failure])[:SENTENCE_LENGTH]
    if log is None or found is None:
        return Explanation(failure, sentence)
    return Explanation(failure, sentence, log.name, found.offset, found.lines)


def failure_class(error: BaseException) -> FailureClass:
    """Return the class that the exception alone shows."""
    message = str(error)
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
    if message.startswith("error retrieving sources") or re.search(r"\bSCMs?\b", message):
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

    Nothing is added to koji's errors where there is no more to say. ``koji.daemon.TaskManager.runTask`` sends
    the text of koji's errors, and a traceback of others.
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
        elif explanation.adds_something and parse_explanation(str(error)) is None:
            words = str(error).partition("\n")[0] if isinstance(error, AdjutantError) else str(error)
            error.args = (f"{words}\n\n{explanation}",)
        raise


def _own_class(error: AdjutantError) -> FailureClass:
    if isinstance(error, SourceError) and isinstance(error.__cause__, ContainerTimeout):
        return FailureClass.TIMEOUT
    cause = _cause(error)
    # of an image, a root or a container, not of a package
    if cause.failure in (FailureClass.INFRASTRUCTURE, FailureClass.IMAGE):
        if _NO_SPACE.search(str(cause)) or full_disk(cause):
            return FailureClass.DISK
        if _NO_MEMORY.search(str(cause)):
            return FailureClass.MEMORY
    return cause.failure


def _cause(error: AdjutantError) -> AdjutantError:
    """Return the first cause of ours that says more than "it failed".

    If there is no buildroot since there is no image, for example, that is the image's error.
    """
    cause = error.__cause__
    if error.failure is FailureClass.INFRASTRUCTURE and isinstance(cause, AdjutantError):
        return _cause(cause)
    return error


def _log_of(message: str, failure: FailureClass, logs: Path | None) -> Path | None:
    if logs is None:
        return None
    named = _LOG_NAMED.search(message)
    names = [named[1]] if named else []
    if failure is FailureClass.INFRASTRUCTURE:
        names.append("createrepo.log")
    return next((logs / name for name in names if (logs / name).is_file()), None)


def _class_shown_by_log(failure: FailureClass, found: Finding) -> FailureClass | None:
    """Return the class that the log shows where it may know better than the exception, None elsewhere."""
    shown = found.sign.failure if found.sign else None
    if shown in (FailureClass.DISK, FailureClass.MEMORY):
        return shown
    if failure is FailureClass.BUILD:
        if shown is FailureClass.SPEC:
            return shown
        return FailureClass.CHECK if found.section == "%check" else failure
    if failure is FailureClass.DEPENDENCY and shown is FailureClass.INFRASTRUCTURE:
        return shown
    return (
        failure
        if failure in (FailureClass.SCM, FailureClass.INFRASTRUCTURE, FailureClass.DEPENDENCY)
        else None
    )


def _quote(found: Finding) -> str:
    place = f"in {found.section}: " if found.section else ""
    if found.sentence:
        return place + found.sentence
    return f"{place}the command failed and did not say why: {found.command}" if found.command else ""


def _reason(error: BaseException) -> str:
    """Return what an error of ours says on the lines after the stock builder's, nothing for other errors."""
    return " ".join(str(error).partition("\n")[2].split()) if isinstance(error, AdjutantError) else ""

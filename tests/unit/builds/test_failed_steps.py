"""The step that failed decides whose fault it is; a log only has the lines to show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import koji
import pytest

from koji_adjutant.builds.explanation import Explanation, explain, explanation_in_error_messages
from koji_adjutant.builds.failure import StepFailedError, kojid_message_on_failure
from koji_adjutant.builds.repo import CreateRepoRequest, MergeRepo, create_repo
from koji_adjutant.errors import (
    BuildFailed,
    BuildrootError,
    CommandFailed,
    CreateRepoError,
    EngineError,
    InstallError,
    RepoContentError,
    TaskStep,
    at_step,
)

BEGINNING = "error building package (arch x86_64)"
PACKAGE_MANAGER = f"{BEGINNING}, mock exited with status 30; see root.log for more information"
UNKNOWN = f"{BEGINNING}, mock exited with status 1; see build.log or root.log for more information"
GONE = "http://external.example/p/x-1-1.noarch.rpm cannot be downloaded: connection refused"
CONFLICT = "packages could not be installed: file /usr/bin/x conflicts between attempted installs of a and b"
PIPE = "/etc/passwd of the buildroot is not what it should be: find the package that replaced it"
LOST = "no such exec session 1234"
INTRUDER = "the build left x.rpm, which is not a regular file"

# a log that says a lot, and nothing of what went wrong
LOUD = "Executing command: rpmbuild\nhello.c:4:22: error: undeclared\nError: something\n"


def failed(step: TaskStep, error: Exception, logs: Path) -> tuple[koji.GenericError, Explanation]:
    for name in ("build.log", "root.log"):
        (logs / name).write_text(LOUD)
    with (
        pytest.raises(koji.GenericError) as failure,
        kojid_message_on_failure(BEGINNING),
        at_step(step),
    ):
        raise error
    return failure.value, explain(failure.value, logs)


@pytest.mark.parametrize(
    ("step", "error", "first_line", "why"),
    [
        (TaskStep.DOWNLOAD, BuildrootError(GONE), PACKAGE_MANAGER, f"Why (infrastructure): {GONE}"),
        (TaskStep.INSTALL, InstallError(CONFLICT), PACKAGE_MANAGER, f"Why (dependency): {CONFLICT}"),
        (TaskStep.INSTALL, InstallError(PIPE), PACKAGE_MANAGER, f"Why (dependency): {PIPE}"),
        (TaskStep.BUILD, EngineError(LOST), UNKNOWN, f"Why (infrastructure): {LOST}"),
        (TaskStep.COLLECT, BuildFailed(INTRUDER), UNKNOWN, f"Why (build): {INTRUDER}"),
    ],
)
def test_whose_fault_it_is(
    step: TaskStep, error: Exception, first_line: str, why: str, tmp_path: Path
) -> None:
    end, explanation = failed(step, error, tmp_path)
    assert str(end).splitlines()[0] == first_line
    assert end.faultCode == koji.BuildError.faultCode
    assert str(explanation).splitlines()[0] == why
    assert explanation.step == step


def test_what_is_known_is_not_replaced_by_a_line_of_the_log(tmp_path: Path) -> None:
    reason = "Source RPM is not installable"
    _, explanation = failed(TaskStep.SRPM, StepFailedError(40, "root.log", reason), tmp_path)
    assert (explanation.sentence, explanation.log) == (reason, "root.log")
    assert "Error: something" in explanation.excerpt


def test_no_log_is_shown_where_no_command_failed(tmp_path: Path) -> None:
    for step, error in ((TaskStep.BUILD, EngineError(LOST)), (TaskStep.COLLECT, BuildFailed(INTRUDER))):
        assert failed(step, error, tmp_path)[1].excerpt == ()


def test_a_package_for_which_there_is_no_room(tmp_path: Path) -> None:
    words = "packages could not be installed: installing package x needs 34MB more space on the / filesystem"
    _, explanation = failed(TaskStep.INSTALL, InstallError(words), tmp_path)
    assert (explanation.failure, explanation.sentence) == ("disk", words)


def test_the_cause_ranks_higher_than_what_a_program_says_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_text(
        "Executing(%build): x\nhello.c:4:22: error: undeclared\n" + "…\n" * 60 + "Error: it failed\n"
        "error: Bad exit status from /var/tmp/rpm-tmp.x (%build)\n"
    )
    words = f"{BEGINNING}, mock exited with status 10; see build.log for more information"
    assert explain(BuildFailed(words), tmp_path).sentence == "in %build: hello.c:4:22: error: undeclared"


@pytest.mark.parametrize("log", ["createrepo.log", "mergerepos.log"])
def test_the_log_of_the_program_that_failed_is_quoted(log: str, tmp_path: Path) -> None:
    for name in ("createrepo.log", "mergerepos.log"):
        (tmp_path / name).write_text(f"$ a command\nerror: from {name}\n")
    explanation = explain(CreateRepoError("failed to merge repos: http://x/: 404 Not Found", log), tmp_path)
    assert (explanation.failure, explanation.log) == ("infrastructure", log)
    assert explanation.sentence == "failed to merge repos: http://x/: 404 Not Found"
    assert explanation.excerpt == (f"error: from {log}",)


@pytest.mark.parametrize(
    ("modes", "sentence"),
    [
        (["koji", "bare"], "Found multiple merge modes for external repos: bare, koji"),
        (["odd"], "Unknown merge mode for external repos: odd"),
    ],
)
def test_external_repos_that_do_not_fit_together(modes: Sequence[str], sentence: str, tmp_path: Path) -> None:
    class Workspace:
        workdir = tmp_path

    (tmp_path / "x86_64").mkdir()
    (tmp_path / "x86_64/pkglist").touch()
    external = [MergeRepo(f"http://x/{mode}", mode) for mode in modes]
    request = CreateRepoRequest(
        tmp_path, tmp_path / "x86_64", 1, "x86_64", tmp_path / "comps.xml", external_repos=external
    )
    with pytest.raises(RepoContentError) as failure:
        create_repo(Workspace(), request)  # type: ignore[arg-type]
    assert (explain(failure.value).failure, explain(failure.value).sentence) == ("hub", sentence)


def test_a_runroot_command_shows_its_log(tmp_path: Path) -> None:
    (tmp_path / "runroot.log").write_text("Executing command: sh\nsh: no luck\n")
    explanation = explain(CommandFailed("sh exited with status 3"), tmp_path)
    assert (explanation.failure, explanation.log) == ("build", "runroot.log")
    assert explanation.excerpt == ("sh: no luck",)


def test_the_innermost_step_counts() -> None:
    with pytest.raises(BuildrootError) as failure, at_step(TaskStep.SRPM), at_step(TaskStep.DOWNLOAD):
        raise BuildrootError(GONE)
    assert explain(failure.value).step is TaskStep.DOWNLOAD


def test_a_subtasks_own_words_reach_its_parent() -> None:
    with pytest.raises(BuildFailed) as failure, explanation_in_error_messages():
        raise BuildFailed(INTRUDER)
    parent = explain(koji.BuildError(str(failure.value)))
    assert (parent.failure, parent.sentence) == ("build", INTRUDER)

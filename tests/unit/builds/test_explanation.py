"""Why a task failed, from logs that real tools wrote, and how it is shown."""

# ruff: noqa: RUF001  (GCC quotes like this)

from __future__ import annotations

import errno
from pathlib import Path

import koji
import pytest
import requests
from koji.tasks import RefuseTask, ServerRestart

from koji_adjutant.builds.explanation import (
    GENERAL,
    Explanation,
    explain,
    explanation_attached_to_errors,
    explanation_in_error_messages,
    parse_explanation,
)
from koji_adjutant.errors import (
    AdjutantError,
    BuildFailed,
    BuildPrevented,
    BuildrootError,
    BuildTimeout,
    ContainerTimeout,
    DamagedEntryError,
    DependencyError,
    EngineError,
    FailureClass,
    ImageError,
    SourceError,
    SpecError,
)
from tests.unit.builds.log_cases import BUILDS, Case

LOGS = Path(__file__).with_name("logs")
SENTENCE = (
    "error building package (arch x86_64), mock exited with status 10; see build.log for more information"
)


def explained(error: Exception, log: str, name: str, directory: Path) -> Explanation:
    (directory / name).write_bytes((LOGS / f"{log}.log").read_bytes())
    return explain(error, directory)


@pytest.mark.parametrize("case", BUILDS, ids=lambda case: case.log)
def test_rpmbuilds_logs(case: Case, tmp_path: Path) -> None:
    explanation = explained(BuildFailed(SENTENCE), case.log, "build.log", tmp_path)
    assert explanation.failure == case.failure
    assert explanation.sentence.startswith(case.sentence)
    assert any(case.line in line for line in explanation.excerpt)
    assert 1 <= len(explanation.excerpt) <= 20
    assert explanation.log == "build.log"
    # the excerpt is where it is said to be
    with (tmp_path / "build.log").open("rb") as log:
        log.seek(explanation.offset or 0)
        assert log.readline().decode(errors="replace").rstrip() == explanation.excerpt[0]


def test_a_checkout(tmp_path: Path) -> None:
    error = SourceError('Error running GIT command "git fetch …", see checkout.log for details')
    explanation = explained(error, "checkout-ref", "checkout.log", tmp_path)
    assert (explanation.failure, explanation.sentence) == (
        "scm",
        "fatal: couldn't find remote ref nosuchref",
    )
    explanation = explained(error, "checkout-refused", "checkout.log", tmp_path)
    assert explanation.sentence.startswith("fatal: unable to access 'https://127.0.0.1:9/x.git/'")


def test_missing_requirements(tmp_path: Path) -> None:
    error = DependencyError(
        f"{SENTENCE.replace('build.log', 'root.log')}\nnothing provides no-such-devel >= 3"
    )
    explanation = explained(error, "missing-requirement", "root.log", tmp_path)
    assert (explanation.failure, explanation.sentence) == (
        "dependency",
        "nothing provides no-such-devel >= 3",
    )
    assert explanation.excerpt[-1] == "No matching package to install: 'no-such-devel >= 3'"


def test_a_repository_that_cannot_be_read_is_no_packagers_fault(tmp_path: Path) -> None:
    (tmp_path / "root.log").write_text(
        "Error: Failed to download metadata for repo 'build': Cannot download repomd.xml\n"
    )
    error = DependencyError(
        "could not init mock buildroot, x; see root.log for more information\nno packages"
    )
    assert explain(error, tmp_path).failure == "infrastructure"


def test_sources_that_cannot_be_retrieved(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_text("Executing command: make sources\ncurl: (22) error: 404\n")
    error = BuildFailed(
        "error retrieving sources, mock exited with status 2; see build.log for more information"
    )
    explanation = explain(error, tmp_path)
    assert (explanation.failure, explanation.sentence) == ("scm", "curl: (22) error: 404")


def test_a_builder_that_fails_while_it_retrieves_sources(tmp_path: Path) -> None:
    """That is not the sources' fault, whatever has been printed by then."""
    (tmp_path / "build.log").write_text("Executing command: make sources\ncurl: (22) error: 404\n")
    error = BuildPrevented("error retrieving sources, mock exited with status 1; see build.log or root.log")
    error.__cause__ = EngineError("podman's service ended while a command ran")
    assert explain(error, tmp_path).failure == "infrastructure"


def test_what_the_kernel_killed_is_out_of_memory_whatever_the_log_says(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_text("error: something\n")
    explanation = explain(BuildFailed(SENTENCE), tmp_path, out_of_memory=True)
    assert explanation.failure == "memory"
    assert "killed" in explanation.sentence


def test_a_test_suite_that_plays_with_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_text(
        "Executing(%check): /bin/sh -e /var/tmp/rpm-tmp.x\n+ make check\n"
        "write: No space left on device\nok 1 - a full disk is reported\nnot ok 2 - sums\n"
        "error: Bad exit status from /var/tmp/rpm-tmp.x (%check)\n"
    )
    explanation = explain(BuildFailed(SENTENCE), tmp_path)
    assert (explanation.failure, explanation.sentence) == ("check", "in %check: not ok 2 - sums")


WITHOUT_LOGS = [
    (SourceError("Error running GIT command"), "scm"),
    (SpecError("No spec file found"), "spec"),
    (DependencyError("nothing provides x"), "dependency"),
    (BuildFailed("error building srpm"), "build"),
    (BuildTimeout("error building srpm, mock exited with status 11"), "timeout"),
    (BuildrootError("the root's rpm is too old"), "infrastructure"),
    (ImageError("no such image"), "image"),
    (EngineError("podman is gone"), "infrastructure"),
    (ContainerTimeout("podman is slow"), "infrastructure"),
    (AdjutantError("failed to create repo"), "infrastructure"),
    (koji.GenericError("Task 5 is canceled"), "cancelled"),
    (koji.ActionNotAllowed("policy violation (build_from_srpm)"), "hub"),
    (koji.BuildError("evil.org:/x is not in the list of allowed SCMs"), "scm"),
    (koji.GenericError("Unable to parse SCM URL: x"), "scm"),
    (koji.BuildError("No matching arches were found"), "spec"),
    (koji.BuildrootError("Requested repo (7) is DELETED"), "hub"),
    (requests.exceptions.ConnectionError("refused"), "hub"),
    (OSError(errno.ENOSPC, "No space left on device"), "disk"),
    (MemoryError(), "memory"),
    (KeyError("x"), "infrastructure"),
]


@pytest.mark.parametrize(("error", "failure"), WITHOUT_LOGS)
def test_what_the_error_alone_shows(error: Exception, failure: str, tmp_path: Path) -> None:
    for explanation in (explain(error), explain(error, tmp_path)):
        assert (explanation.failure, explanation.excerpt) == (failure, ())
        assert explanation.sentence


def test_no_image_is_why_there_is_no_buildroot() -> None:
    error = BuildrootError("could not init mock buildroot")
    error.__cause__ = ImageError("no such image")
    assert explain(error).failure == "image"


@pytest.mark.parametrize(
    "first",
    ["error building package (arch x86_64), mock exited with status 1", "error retrieving sources, x"],
)
def test_what_a_damaged_root_has_broken(first: str, tmp_path: Path) -> None:
    """Whatever the log says, which is the packager's."""
    (tmp_path / "build.log").write_text("cc: fatal error: No space left on device\n")
    damaged = DamagedEntryError(f"{first}; see build.log for more information\nthe entry k was damaged")
    damaged.__cause__ = BuildFailed(f"{first}; see build.log for more information")
    for error in (damaged, BuildrootError(f"could not init mock buildroot, x\n{damaged}")):
        error.__cause__ = damaged if error is not damaged else damaged.__cause__
        why = explain(error, tmp_path)
        assert why.failure == "infrastructure"
        assert why.sentence.endswith("the entry k was damaged")
        assert why.log is None


def test_a_checkout_that_took_too_long() -> None:
    error = SourceError("checking out git://h/x did not end within 3600 seconds, see checkout.log")
    error.__cause__ = ContainerTimeout("git took longer than 3600 s and was killed")
    assert explain(error).failure == "timeout"


FULL = (
    "write /work/storage/overlay: no space left on device; the disk that holds the engine's storage is full"
)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (EngineError(FULL), "disk"),
        (ImageError(f"the image x could not be pulled: {FULL}"), "disk"),
        (BuildrootError("fork/exec /usr/bin/runc: cannot allocate memory"), "memory"),
    ],
)
def test_a_machine_that_is_full(error: AdjutantError, failure: str) -> None:
    around = BuildrootError("could not init mock buildroot, mock exited with status 30; see root.log")
    around.__cause__ = error
    assert explain(error).failure == failure
    assert explain(around).failure == failure


def test_a_disk_that_is_full_while_a_root_is_kept() -> None:
    error = BuildrootError("the buildroot could not be kept")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert explain(error).failure == "disk"


def test_a_disk_that_is_full_while_packages_are_installed(tmp_path: Path) -> None:
    (tmp_path / "root.log").write_text(
        "Error: unpacking of archive failed on file /usr/bin/gcc;656: cpio: write failed - "
        "No space left on device\n"
    )
    error = BuildrootError("could not init mock buildroot, mock exited with status 30; see root.log for more")
    assert explain(error, tmp_path).failure == "disk"


@pytest.mark.parametrize(
    "line",
    [
        "installing package gcc-15-1.x86_64 needs 34MB more space on the / filesystem",
        "installing package gcc-15-1.x86_64 needs 12 more inodes on the /usr filesystem",
        "At least 34MB more space needed on the / filesystem.",
    ],
)
def test_a_disk_that_is_too_small_for_packages(line: str, tmp_path: Path) -> None:
    (tmp_path / "root.log").write_text(f"Installing 12 packages, 34 MiB\n{line}\n")
    error = BuildrootError("could not init mock buildroot, mock exited with status 30; see root.log for more")
    assert (explain(error, tmp_path).failure, explain(error, tmp_path).sentence) == ("disk", line)


def test_every_class_is_found_by_some_test() -> None:
    found = {failure for _, failure in WITHOUT_LOGS} | {case.failure for case in BUILDS}
    assert found == set(FailureClass)


def test_every_class_has_a_meaning() -> None:
    assert set(GENERAL) == set(FailureClass)


def test_the_first_line_stays_a_stock_builders(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_bytes((LOGS / "gcc.log").read_bytes())
    with (
        pytest.raises(BuildFailed) as failure,
        explanation_in_error_messages(),
        explanation_attached_to_errors(tmp_path),
    ):
        raise BuildFailed(SENTENCE)
    lines = str(failure.value).splitlines()
    assert lines[:3] == [
        SENTENCE,
        "",
        "Why (build): in %build: hello.c:4:22: error: ‘many’ undeclared (first use in this function)",
    ]
    assert lines[3].startswith("build.log, from byte ")
    assert "    hello.c: In function ‘greet’:" in lines
    assert parse_explanation(str(failure.value)) == explain(failure.value)


def test_a_subtasks_explanation_is_its_parents() -> None:
    explanation = Explanation(FailureClass.CHECK, "in %check: FAIL: x", "build.log", 12, ("FAIL: x", "  why"))
    fault = koji.BuildError(f"{SENTENCE}\n\n{explanation}")
    with pytest.raises(koji.BuildError) as failure, explanation_in_error_messages():
        raise fault
    assert explain(failure.value) == explanation
    assert str(failure.value) == f"{SENTENCE}\n\n{explanation}"


def test_a_traceback_explains_at_its_end() -> None:
    with pytest.raises(KeyError) as failure, explanation_in_error_messages():
        raise KeyError("x")
    assert failure.value.__notes__ == [f"Why (infrastructure): {GENERAL[FailureClass.INFRASTRUCTURE]}"]


@pytest.mark.parametrize("way_out", [RefuseTask("not here"), ServerRestart()])
def test_what_is_no_failure_is_not_explained(way_out: Exception) -> None:
    with pytest.raises(type(way_out)) as end, explanation_in_error_messages():
        raise way_out
    assert not hasattr(end.value, "explanation")


@pytest.mark.parametrize("message", ["", "Why (nonsense): x", "Why (build) x", "  Why (build): x"])
def test_messages_without_an_explanation(message: str) -> None:
    assert parse_explanation(message) is None


def test_every_failed_task_has_a_why() -> None:
    with pytest.raises(koji.GenericError) as failure, explanation_in_error_messages():
        raise koji.GenericError("unknown build target: x")
    assert str(failure.value) == "unknown build target: x\n\nWhy (hub): unknown build target: x"


def test_a_plugin_that_fails_is_this_builders_fault() -> None:
    with pytest.raises(koji.CallbackError) as failure, explanation_in_error_messages():
        raise koji.CallbackError("Error running postSCMCheckout callback\nTraceback\n  x")
    assert str(failure.value) == (
        "Error running postSCMCheckout callback\nTraceback\n  x\n\n"
        f"Why (infrastructure): {GENERAL[FailureClass.INFRASTRUCTURE]}"
    )
    assert explain(failure.value).failure is FailureClass.INFRASTRUCTURE

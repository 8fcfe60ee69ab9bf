"""What a wrapperRPM task wraps: a build's archives, or what a task has left, and what templates know of it.

The names of the variables are kojid's: packagers' templates use them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, TypedDict

import koji

from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.rows import ArchiveRow

NEVRA = ("epoch", "name", "version", "release")
IMAGE_METHODS = ("createLiveCD", "createAppliance", "createImage", "createLiveMedia")
"""Tasks that make images."""
VARIABLE = {"maven": "maven_info", "win": "win_info", "image": "image_info"}


class WrappedBuild(TypedDict):
    """What is read here of the hub's row of a build."""

    id: int
    name: str
    version: str
    release: str
    epoch: int | None
    state: int


class WrappedTask(TypedDict):
    """What is read here of the hub's row of a task."""

    id: int
    method: str


@dataclass
class WrappedContent:
    """``paths`` of files below the hub's topdir, and the template's ``variables``."""

    paths: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(
        default_factory=lambda: {"artifacts": {}, "all_artifacts": [], "all_artifacts_with_path": []}
    )

    def add(self, name: str, shown_path: str) -> None:
        """Let the template know of a file: by its extension, by its name, by its path."""
        self.variables["artifacts"].setdefault(PurePosixPath(name).suffix, []).append(name)
        self.variables["all_artifacts"].append(name)
        self.variables["all_artifacts_with_path"].append(shown_path)


def wrapped_content(
    session: HubSession, build: WrappedBuild | None, task: WrappedTask | None
) -> WrappedContent:
    """Return what is to be wrapped: a task's output where there is a task, else the build's archives.

    koji.BuildError with kojid's sentences, where there is nothing, or nothing that can be wrapped.
    """
    kind, about = _kind_of(session, build) if build else (None, None)
    content = _output_of(session, task["id"]) if task else _archives_of(session, build, kind)
    if not content.variables["artifacts"]:
        nothing = f"{task['method']} task {task['id']}" if task else koji.buildLabel(build)
        raise koji.BuildError(f"no output found for {nothing}")
    if build:
        if kind is None:
            raise koji.BuildError("unsupported build type")
        content.variables |= {name: build.get(name) for name in NEVRA} | {VARIABLE[kind]: about}
    else:
        content.variables |= _described_by(session, task)
    return content


def _kind_of(session: HubSession, build: WrappedBuild) -> tuple[str | None, Mapping[str, object] | None]:
    asked = {
        "maven": session.getMavenBuild(build["id"], strict=False),
        "win": session.getWinBuild(build["id"], strict=False),
        "image": session.getImageBuild(build["id"], strict=False),
    }
    return next(((kind, about) for kind, about in asked.items() if about), (None, None))


def _output_of(session: HubSession, task_id: int) -> WrappedContent:
    """Return the files of a task that is a part of the same build, on every volume; no logs."""
    content = WrappedContent()
    where = koji.PathInfo(topdir="")
    for path, volumes in session.listTaskOutput(task_id, all_volumes=True).items():
        name = PurePosixPath(path).name
        if PurePosixPath(name).suffix == ".log":
            continue
        for volume in volumes:
            full = f"{where.work(volume=volume)}/{where.taskrelpath(task_id)}/{path}".lstrip("/")
            content.add(name, full)
            content.paths.append(full)
    return content


def _archives_of(session: HubSession, build: WrappedBuild | None, kind: str | None) -> WrappedContent:
    """Return the archives of a complete build: the directory of its task may be gone."""
    if build is None or build["state"] != koji.BUILD_STATES["COMPLETE"]:
        raise koji.BuildError("cannot call wrapperRPM on a build that did not complete successfully")
    if kind is None:
        raise koji.BuildError("unsupported build type")
    content = WrappedContent()
    where = koji.PathInfo(topdir="")
    for archive in session.listArchives(buildID=build["id"], type=kind):
        directory, path = _place(where, build, archive, kind)
        content.add(archive["filename"], path)
        if PurePosixPath(archive["filename"]).suffix != ".log":
            content.paths.append(f"{directory}/{path}".lstrip("/"))
    return content


def _place(where: koji.PathInfo, build: WrappedBuild, archive: ArchiveRow, kind: str) -> Sequence[str]:
    """Return the directory of a build's archives, and an archive's path in it."""
    if kind == "maven":
        return where.mavenbuild(build), where.mavenfile(archive)
    if kind == "win":
        return where.winbuild(build), where.winfile(archive)
    return where.imagebuild(build), archive["filename"]


def _described_by(session: HubSession, task: WrappedTask | None) -> Mapping[str, object]:
    """Return what the result of a task of a scratch build says about it."""
    assert task is not None  # noqa: S101 - there is a build or a task
    result = session.getTaskResult(task["id"])
    method = task["method"]
    if method == "buildMaven":
        about = koji.maven_info_to_nvr(result["maven_info"]) | {"release": "0.scratch"}
        return {name: about.get(name) for name in NEVRA} | {"maven_info": result["maven_info"]}
    output = {name: result.get(name) for name in NEVRA}
    if method == "vmExec":
        return output | {"win_info": {"platform": result["platform"]}}
    if method in IMAGE_METHODS:
        return output
    raise koji.BuildError(f"the output of a {method} task cannot be wrapped")

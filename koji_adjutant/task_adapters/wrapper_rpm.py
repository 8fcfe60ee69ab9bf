"""The ``wrapperRPM`` task: packages around the archives of a Maven, Windows or image build."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import koji
from koji.daemon import SCM
from koji.tasks import ServerExit

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.rpms import RpmBuild
from koji_adjutant.builds.wrapper_srpm import Archive, WrapperSrpm, Wrapping, srpm_from_template
from koji_adjutant.hub.files import fetch
from koji_adjutant.rpm.header import RpmHeader, Tag
from koji_adjutant.scm.source import ScmSource
from koji_adjutant.task_adapters.package_build import build_packages
from koji_adjutant.task_adapters.scm_task import ScmTask
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot
from koji_adjutant.task_adapters.wrapped_content import WrappedContent, wrapped_content

GROUP = "wrapper-rpm-build"


@dataclass(frozen=True)
class Wrapper:
    """What the task was asked for, as far as its steps share it."""

    target: Mapping[str, Any]
    build: Mapping[str, Any] | None
    opts: Mapping[str, Any]
    is_subtask: bool

    @property
    def creates_build(self) -> bool:
        return bool(self.opts.get("create_build") and not self.opts.get("scratch"))


class WrapperRPMTask(ScmTask):
    """``wrapperRPM(spec_url, build_target, build, task, opts)`` -> {buildroot_id, srpm, rpms, logs, source}.

    With a ``task`` it is a part of that task's build, whose parent deals with the packages. Otherwise they
    are added to ``build``, become a build of their own (create_build), or a scratch build's. ``opts`` that
    count: create_build, custom_user_metadata, draft, repo_id, scratch, skip_tag, wait_builds, wait_repo.
    """

    Methods = ["wrapperRPM"]  # noqa: RUF012
    _taskWeight = 1.5  # noqa: N815

    def checkHost(self, hostdata: dict[str, Any]) -> bool:  # noqa: N802
        return self.tag_is_for_this_host(self.params[1]["build_tag"], hostdata)

    def handler(
        self,
        spec_url: str,
        build_target: dict[str, Any],
        build: dict[str, Any] | None,
        task: dict[str, Any] | None,
        opts: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        opts = opts or {}
        if not (build or task):
            raise koji.BuildError("build and/or task must be specified")
        wrapper = Wrapper(build_target, build, opts, is_subtask=bool(task))
        content = wrapped_content(self.session, build, task)
        scm = self.allowed_scm(spec_url, opts.get("scratch"))
        _check_metadata(opts)
        tag = self.session.getTag(build_target["build_tag"], strict=True)
        buildroot = self._new_buildroot(tag, opts)
        with buildroot.expired_in_the_end(), self.open_buildroot_workspace(buildroot) as workspace:
            made = self._source_package(workspace, buildroot, scm, tag, content, opts.get("scratch"))
            srpm = made.srpm.rename(workspace.workdir / made.srpm.name)
            build_id = self._init_build(srpm, made.source, wrapper) if wrapper.creates_build else None
            try:
                results = self._packages(workspace, buildroot, srpm) | {"source": made.source}
                if not wrapper.is_subtask:
                    self._deliver(results, wrapper, build_id)
            except ServerExit:
                raise  # another worker will go on with it
            except Exception:
                if build_id:
                    self.session.host.failBuild(self.id, build_id)
                raise
            if build_id and not wrapper.is_subtask and not opts.get("skip_tag"):
                self._tag(build_id, build_target["dest_tag"])
            if opts.get("create_build") and opts.get("custom_user_metadata"):
                results["custom_user_metadata"] = opts["custom_user_metadata"]
            return results

    def _new_buildroot(self, tag: Mapping[str, Any], opts: Mapping[str, Any]) -> TaskBuildroot:
        """A record for a buildroot with the repo that the parent used, or one of our own finding."""
        if opts.get("repo_id"):
            repo = self.session.repoInfo(opts["repo_id"], strict=True)
        else:
            repo = self.getRepo(tag["id"], builds=opts.get("wait_builds"), wait=opts.get("wait_repo"))
        host = self.session.host.getHost()
        config = self.session.getBuildConfig(tag["id"], event=repo["create_event"])
        return TaskBuildroot.new(
            self.session,
            self.options,
            task_id=self.id,
            tag=tag["id"],
            arch=self.find_arch("noarch", host, config),
            repo_id=repo["id"],
            group=GROUP,
        )

    def _source_package(
        self,
        workspace: Workspace,
        buildroot: TaskBuildroot,
        scm: SCM,
        tag: Mapping[str, Any],
        content: WrappedContent,
        scratch: bool | None,
    ) -> WrapperSrpm:
        archives = [
            Archive(PurePosixPath(path), fetch(self.options, self.workdir, path, "file of the build missing"))
            for path in content.paths
        ]
        with ExitStack() as stack:
            with self.live_logs.following():
                running = stack.enter_context(open_buildroot(workspace, buildroot.config))
            self.report(buildroot, running)
            with self.live_logs.following():
                return srpm_from_template(
                    running,
                    ScmSource.of(scm),
                    Wrapping(archives, content.variables),
                    rules=self.spec_rules,
                    hooks=self.scm_hooks(scm, buildroot, tag, scratch),
                    options=self.checkout_options,
                    rendered=self._upload_spec,
                )

    def _upload_spec(self, spec: Path) -> None:
        with self.live_logs.paused():
            self.upload_result(spec)
            self._spec_name = spec.name

    def _init_build(self, srpm: Path, source: Mapping[str, str], wrapper: Wrapper) -> int:
        """Begin the build that the packages become."""
        header = RpmHeader(srpm)
        data: dict[str, Any] = {
            "name": header.text(Tag.NAME),
            "version": header.text(Tag.VERSION),
            "release": header.text(Tag.RELEASE),
            "epoch": header.number(Tag.EPOCH),
            "task_id": self.id,
            "source": source["source"],
            "extra": {"source": {"original_url": source["url"]}},
        }
        if wrapper.opts.get("custom_user_metadata"):
            data["extra"]["custom_user_metadata"] = wrapper.opts["custom_user_metadata"]
        if wrapper.opts.get("draft"):
            data["draft"] = wrapper.opts["draft"]
        target = wrapper.target
        config = self.session.getPackageConfig(target["dest_tag"], data["name"])
        if not wrapper.opts.get("skip_tag"):
            if config is None:
                raise koji.BuildError(f"package {data['name']} not in list for tag {target['dest_tag_name']}")
            if config["blocked"]:
                raise koji.BuildError(f"package {data['name']} is blocked for tag {target['dest_tag_name']}")
        build_id: int = self.session.host.initBuild(data)
        return build_id

    def _packages(self, workspace: Workspace, buildroot: TaskBuildroot, srpm: Path) -> dict[str, Any]:
        """Build the packages in a fresh copy of the buildroot, and upload them; part of the task's result."""
        again = dataclasses.replace(workspace, workdir=workspace.workdir / "rebuild")
        again.workdir.mkdir(mode=0o700)
        with ExitStack() as stack:
            with self.live_logs.following():
                running = stack.enter_context(open_buildroot(again, buildroot.config))
            built = build_packages(self, buildroot, running, srpm, buildroot.config.target_arch)
        return self._uploaded(built, buildroot)

    def _uploaded(self, built: RpmBuild, buildroot: TaskBuildroot) -> dict[str, Any]:
        if not built.rpms:
            raise koji.BuildError("no rpms found")
        for file in (built.srpm, *built.rpms):
            self.upload_result(file)
        return {
            "buildroot_id": buildroot.id,
            "srpm": built.srpm.name,
            "rpms": [rpm.name for rpm in built.rpms],
            "logs": [*(Path(log).name for log in self.uploaded_logs()), self._spec_name],
        }

    def _deliver(self, results: Mapping[str, Any], wrapper: Wrapper, build_id: int | None) -> None:
        """Hand the packages to the hub."""
        directory = self.getUploadDir()
        srpm = f"{directory}/{results['srpm']}"
        rpms = [f"{directory}/{name}" for name in results["rpms"]]
        logs = {"noarch": [f"{directory}/{name}" for name in results["logs"]]}
        if wrapper.opts.get("scratch"):
            self.session.host.moveBuildToScratch(self.id, srpm, rpms, logs)
        elif build_id:
            buildroots = dict.fromkeys([srpm, *rpms], results["buildroot_id"])
            self.session.host.completeBuild(self.id, build_id, srpm, rpms, buildroots, logs)
        else:
            assert wrapper.build is not None  # noqa: S101 - no subtask without one
            self.session.host.importWrapperRPMs(self.id, wrapper.build["id"], results)

    def _tag(self, build_id: int, tag: int) -> None:
        task_id = self.session.host.subtask(
            method="tagBuild",
            arglist=[tag, build_id, False, None, True],
            label="tag",
            parent=self.id,
            arch="noarch",
        )
        self.wait(task_id)


def _check_metadata(opts: Mapping[str, Any]) -> None:
    if opts.get("create_build") and opts.get("custom_user_metadata"):
        try:
            json.dumps(opts["custom_user_metadata"])
        except TypeError:
            raise koji.BuildError("custom_user_metadata is not JSON serializable") from None

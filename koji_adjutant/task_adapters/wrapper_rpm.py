"""The ``wrapperRPM`` task: packages around the archives of a Maven, Windows or image build."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import koji
from koji.daemon import SCM
from koji.tasks import ServerExit

from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.rpms import RpmBuild
from koji_adjutant.builds.wrapper_srpm import Archive, WrapperSrpm, Wrapping, srpm_from_template
from koji_adjutant.hub.files import fetch
from koji_adjutant.hub.new_build import begin_tagging, check_metadata, check_package, describe_build
from koji_adjutant.hub.rows import HostRow, TagRow, TargetRow
from koji_adjutant.hub.tasks import WrapperOptions, WrapperResult
from koji_adjutant.provenance.resources import source_resource
from koji_adjutant.rpm.header import RpmHeader
from koji_adjutant.scm.source import ScmSource
from koji_adjutant.task_adapters.scm_task import ScmTask
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot
from koji_adjutant.task_adapters.wrapped_content import (
    WrappedBuild,
    WrappedContent,
    WrappedTask,
    wrapped_content,
)
from koji_adjutant.text import without_credentials

GROUP = "wrapper-rpm-build"


@dataclass(frozen=True)
class Wrapper:
    """What the task was asked for, as far as its steps share it."""

    target: TargetRow
    build: WrappedBuild | None
    opts: WrapperOptions
    is_subtask: bool

    @property
    def creates_build(self) -> bool:
        return bool(self.opts.get("create_build") and not self.opts.get("scratch"))


class WrapperRPMTask(ScmTask):
    """``wrapperRPM(spec_url, build_target, build, task, opts)`` -> {buildroot_id, srpm, rpms, logs, source}.

    With a ``task`` it is a part of that task's build, whose parent deals with the packages. Otherwise they
    are added to ``build``, become a build of their own (create_build), or a scratch build's.
    """

    Methods = ["wrapperRPM"]  # noqa: RUF012
    _taskWeight = 1.5  # noqa: N815

    def checkHost(self, hostdata: HostRow) -> bool:  # noqa: N802
        return self.tag_is_for_this_host(lambda given: given["build_target"]["build_tag"], hostdata)

    def handler(
        self,
        spec_url: str,
        build_target: TargetRow,
        build: WrappedBuild | None,
        task: WrappedTask | None,
        opts: WrapperOptions | None = None,
    ) -> WrapperResult:
        opts = opts or {}
        if not (build or task):
            raise koji.BuildError("build and/or task must be specified")
        wrapper = Wrapper(build_target, build, opts, is_subtask=bool(task))
        content = wrapped_content(self.session, build, task)
        scm = self.allowed_scm(spec_url, opts.get("scratch"))
        if opts.get("create_build"):
            check_metadata(opts.get("custom_user_metadata"))
        tag = self.session.getTag(build_target["build_tag"], strict=True)
        record = self._new_buildroot(tag, opts)
        with self.buildroot_workspace(record) as workspace:
            made = self._source_package(workspace, record, scm, tag, content, opts.get("scratch"))
            srpm = made.srpm.rename(workspace.workdir / made.srpm.name)
            build_id = self._init_build(srpm, made.source, wrapper) if wrapper.creates_build else None
            try:
                results = self._packages(workspace, record, srpm, made.source)
                if not wrapper.is_subtask:
                    self._deliver(results, wrapper, build_id)
            except ServerExit:
                raise  # another worker will go on with it
            except Exception:
                if build_id:
                    self.session.host.failBuild(self.id, build_id)
                raise
            if build_id and not wrapper.is_subtask and not opts.get("skip_tag"):
                self.wait(
                    begin_tagging(self.session.host.subtask, self.id, build_id, build_target["dest_tag"])
                )
            if opts.get("create_build") and (metadata := opts.get("custom_user_metadata")):
                results["custom_user_metadata"] = metadata
            return results

    def _new_buildroot(self, tag: TagRow, opts: WrapperOptions) -> TaskBuildroot:
        """Make a record for a buildroot with the repo that the parent used, or one of our own finding."""
        if repo_id := opts.get("repo_id"):
            repo = self.session.repoInfo(repo_id, strict=True)
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
        record: TaskBuildroot,
        scm: SCM,
        tag: TagRow,
        content: WrappedContent,
        scratch: bool | None,
    ) -> WrapperSrpm:
        archives = [
            Archive(PurePosixPath(path), fetch(self.options, self.workdir, path, "file of the build missing"))
            for path in content.paths
        ]
        with self.reported_buildroot(workspace, record) as running, self.live_logs.following():
            return srpm_from_template(
                running,
                ScmSource.of(scm),
                Wrapping(archives, content.variables),
                rules=self.spec_rules,
                hooks=self.scm_hooks(scm, record, tag, scratch),
                options=self.checkout_options,
                rendered=self._upload_spec,
            )

    def _upload_spec(self, spec: Path) -> None:
        with self.live_logs.paused():
            self.upload_result(spec)
            self._spec_name = spec.name

    def _init_build(self, srpm: Path, source: Mapping[str, str], wrapper: Wrapper) -> int:
        """Begin the build that the packages become."""
        build = describe_build(RpmHeader(srpm), self.id, source, wrapper.opts)
        target = wrapper.target
        config = self.session.getPackageConfig(target["dest_tag"], build["name"])
        if not wrapper.opts.get("skip_tag"):
            check_package(config, build["name"], target["dest_tag_name"])
        return self.session.host.initBuild(build)

    def _packages(
        self, workspace: Workspace, record: TaskBuildroot, srpm: Path, source: Mapping[str, str]
    ) -> WrapperResult:
        """Build the packages in a fresh copy of the buildroot. Returns their part of the task's result."""
        again = dataclasses.replace(workspace, workdir=workspace.workdir / "rebuild")
        again.workdir.mkdir(mode=0o700)
        with self.followed_buildroot(again, record) as running:
            made_from = [*self.evidence.source_package(srpm), source_resource(source["source"])]
            built = self.build_packages(record, running, srpm, record.config.target_arch)
            if not built.rpms:
                raise koji.BuildError("no rpms found")
            parameters = {"source": without_credentials(source["url"])}
            results = [built.srpm, *built.rpms]
            self.evidence.write(running, record, results, sources=made_from, parameters=parameters)
        return self._uploaded(built, record, source)

    def _uploaded(self, built: RpmBuild, record: TaskBuildroot, source: Mapping[str, str]) -> WrapperResult:
        for file in (built.srpm, *built.rpms):
            self.upload_result(file)
        return {
            "buildroot_id": record.id,
            "srpm": built.srpm.name,
            "rpms": [rpm.name for rpm in built.rpms],
            "logs": [*(Path(log).name for log in self.uploaded_logs()), self._spec_name],
            "source": source,
        }

    def _deliver(self, results: WrapperResult, wrapper: Wrapper, build_id: int | None) -> None:
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

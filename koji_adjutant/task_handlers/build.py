"""The ``build`` task: source to tagged RPMs, by subtasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import koji
import koji.util
from koji.daemon import SCM
from koji.tasks import ServerExit

from koji_adjutant.hub.new_build import begin_tagging, check_metadata, check_package, describe_build
from koji_adjutant.hub.rows import BuildConfig, RepoRow, TargetRow
from koji_adjutant.hub.source_rpm import fetch_source_rpm, read_source_header
from koji_adjutant.hub.tasks import BuildArchResult, BuildOptions
from koji_adjutant.rpm.header import RpmHeader
from koji_adjutant.task_handlers.build_arches import ArchTags, build_arches, noarch_task_arch
from koji_adjutant.task_handlers.coordinating import CoordinatingTask


@dataclass(frozen=True)
class Destination:
    """Where a build comes from and goes to: tag ids, and the target's row if there is one."""

    build_tag: int
    tag: int
    target: TargetRow | None


@dataclass
class BuiltPackages:
    """The subtasks' results as ``completeBuild`` wants them; paths are relative to the hub's ``work``."""

    srpm: str = ""
    rpms: list[str] = field(default_factory=list)
    buildroots: dict[str, int] = field(default_factory=dict)
    logs: dict[str, list[str]] = field(default_factory=dict)


class BuildTask(CoordinatingTask):
    """``build(src, target, opts)``: kojid's order of calls, names and messages."""

    Methods = ["build"]  # noqa: RUF012
    _taskWeight = 0.2  # noqa: N815

    opts: BuildOptions
    event_id: int | None
    source: Mapping[str, str] | None = None

    def handler(self, src: str, target: int | str | None, opts: BuildOptions | None = None) -> None:
        self.opts = opts = opts or {}
        repo = self._given_repo()
        self.event_id = repo["create_event"] if repo else None
        _check_metadata(opts.get("custom_user_metadata"))
        owner = self.own_row()["owner"]
        destination = self._destination(target, repo)
        self._assert_policies(src, owner, destination)
        if repo is None:
            repo = self.getRepo(
                destination.build_tag, builds=opts.get("wait_builds"), wait=opts.get("wait_repo")
            )
            self.event_id = self.session.getLastEvent()["id"]
        srpm = self._source_package(src, destination.build_tag, repo["id"])
        header = self._read_header(srpm)
        build = describe_build(header, self.id, self.source, opts)
        extra_arches = self._check_package_list(build["name"], destination)
        arches = build_arches(
            self._build_config(destination.build_tag),
            ArchTags.of(header),
            extra_arches,
            opts.get("arch_override") if opts.get("scratch") else None,
        )
        if opts.get("scratch"):
            packages = self._build_packages(srpm, destination.build_tag, arches, repo["id"])
            self.session.host.moveBuildToScratch(self.id, packages.srpm, packages.rpms, logs=packages.logs)
            return
        build_id = self.session.host.initBuild(build)
        try:
            packages = self._build_packages(srpm, destination.build_tag, arches, repo["id"])
            self.session.host.completeBuild(
                self.id, build_id, packages.srpm, packages.rpms, packages.buildroots, logs=packages.logs
            )
        except ServerExit:
            raise  # another worker will go on with it
        except Exception:
            self.session.host.failBuild(self.id, build_id)
            raise
        if not opts.get("skip_tag"):
            self.wait(begin_tagging(self.subtask, self.id, build_id, destination.tag))

    def _given_repo(self) -> RepoRow | None:
        """Return the repo that the user asked for, if any, in a state that one can build with."""
        if self.opts.get("arch_override") and not self.opts.get("scratch"):
            raise koji.BuildError("arch_override is only allowed for scratch builds")
        repo_id = self.opts.get("repo_id")
        if repo_id is None:
            return None
        repo = self.session.repoInfo(repo_id)
        if not repo:
            raise koji.BuildError(f"No such repo: {repo_id}")
        state = koji.REPO_STATES[repo["state"]]
        if state not in ("READY", "EXPIRED"):
            raise koji.BuildError(f"Bad repo: {repo['id']} ({state})")
        return repo

    def _destination(self, target: int | str | None, repo: RepoRow | None) -> Destination:
        """Return the tags; with a repo given, ``target`` may also name a destination tag, or be missing."""
        info = self.session.getBuildTarget(target, event=self.event_id) if target else None
        if info:
            if repo is not None and repo["tag_id"] != info["build_tag"]:
                raise koji.BuildError(f"Repo/Target mismatch: {repo['tag_name']}/{info['build_tag_name']}")
            return Destination(info["build_tag"], info["dest_tag"], info)
        if repo is None:
            raise koji.GenericError(f"unknown build target: {target}")
        if target is None:
            self.opts["skip_tag"] = True
            return Destination(repo["tag_id"], repo["tag_id"], None)
        tag = self.session.getTag(target, event=self.event_id)
        if not tag:
            raise koji.GenericError(f"neither tag nor target: {target}")
        return Destination(repo["tag_id"], tag["id"], None)

    def _assert_policies(self, src: str, owner: int, destination: Destination) -> None:
        """Ask the hub whether this user may build this: the policies of which kojid asks, with its data."""
        opts = self.opts
        data: dict[str, object] = {
            "user_id": owner,
            "source": src,
            "task_id": self.id,
            "build_tag": destination.build_tag,
            "skip_tag": bool(opts.get("skip_tag")),
            "scratch": opts.get("scratch"),
            "draft": opts.get("draft"),
            "from_scm": SCM.is_scm_url(src),
            "repo_id": opts.get("repo_id"),
        }
        if destination.target:
            data["target"] = destination.target["name"]
        if not opts.get("skip_tag"):
            data["tag"] = destination.tag
        if not data["from_scm"] and not opts.get("scratch"):
            self.session.host.assertPolicy("build_from_srpm", data)
        if opts.get("repo_id") is not None:
            self.session.host.assertPolicy("build_from_repo_id", data)
        self.session.host.assertPolicy("build_rpm", data)

    def _source_package(self, src: str, build_tag: int, repo_id: int) -> str:
        """Return the SRPM to build, made or remade in the build tag's own environment, or taken as it is."""
        if SCM.is_scm_url(src):
            return self._srpm_subtask("buildSRPMFromSCM", src, build_tag, repo_id)
        rebuild = self._build_config(build_tag)["extra"].get("rebuild_srpm", True)
        if self.opts.get("scratch") and (asked := self.opts.get("rebuild_srpm")) is not None:
            rebuild = asked
        return self._srpm_subtask("rebuildSRPM", src, build_tag, repo_id) if rebuild else src

    def _srpm_subtask(self, method: str, src: str, build_tag: int, repo_id: int) -> str:
        task_id = self.subtask(
            method=method,
            arglist=[src, build_tag, {"repo_id": repo_id, "scratch": self.opts.get("scratch")}],
            label="srpm",
            arch=self._task_arch("noarch", ArchTags(), build_tag),
            parent=self.id,
        )
        result = self.wait(task_id)[task_id]
        self.source = result.get("source")
        srpm: str = result["srpm"]
        return srpm

    def _read_header(self, srpm: str) -> RpmHeader:
        return read_source_header(fetch_source_rpm(self.options, self.workdir, srpm))

    def _check_package_list(self, name: str | None, destination: Destination) -> str | None:
        """Return the package's extra arches. Raises BuildError if the build could not be tagged later."""
        config = self.session.getPackageConfig(destination.tag, name, event=self.event_id)
        if not self.opts.get("skip_tag") and not self.opts.get("scratch"):
            tag = destination.target["dest_tag_name"] if destination.target else destination.tag
            check_package(config, name, tag)
        return config.get("extra_arches") if config else None

    def _build_config(self, build_tag: int) -> BuildConfig:
        return self.session.getBuildConfig(build_tag, event=self.event_id)

    def _task_arch(self, arch: str, tags: ArchTags, build_tag: int) -> str:
        """Return the arch of the subtask that builds ``arch``: a host that can do it must be found by it."""
        if koji.util.multi_fnmatch(arch, self.options.literal_task_arches):
            return arch
        if arch != "noarch":
            canonical: str = koji.canonArch(arch)
            return canonical
        return noarch_task_arch(self._build_config(build_tag), tags)

    def _build_packages(
        self, srpm: str, build_tag: int, arches: Sequence[str], repo_id: int
    ) -> BuiltPackages:
        """Make one buildArch subtask an arch; the first one's SRPM becomes the build's."""
        subtasks: dict[str, int] = {}
        for arch in arches:
            tags = ArchTags.of(self._read_header(srpm)) if arch == "noarch" else ArchTags()
            subtasks[arch] = self.subtask(
                method="buildArch",
                arglist=[srpm, build_tag, arch, not subtasks, {"repo_id": repo_id}],
                label=arch,
                parent=self.id,
                arch=self._task_arch(arch, tags, build_tag),
            )
        failany = self.opts.get("fail_fast", False) or not self.options.build_arch_can_fail
        results = self.wait(list(subtasks.values()), all=True, failany=failany)
        return self._collect({arch: results[task_id] for arch, task_id in subtasks.items()})

    def _collect(self, results: Mapping[str, BuildArchResult]) -> BuiltPackages:
        packages = BuiltPackages()
        for arch, result in results.items():
            packages.rpms += result["rpms"]
            packages.buildroots |= dict.fromkeys(result["rpms"], result["brootid"])
            if result["logs"]:
                packages.logs[arch] = list(result["logs"])
            if result["srpms"]:
                if packages.srpm:
                    raise koji.BuildError(f"multiple builds returned a srpm.  task {self.id}")
                packages.srpm = result["srpms"][0]
                packages.buildroots[packages.srpm] = result["brootid"]
        if not packages.srpm:
            raise koji.BuildError("could not find a built srpm")
        return packages


def _check_metadata(metadata: object) -> None:
    if not metadata:
        return
    if not isinstance(metadata, dict):
        raise koji.BuildError("custom_user_metadata must be serializable to a JSON object")
    check_metadata(metadata)

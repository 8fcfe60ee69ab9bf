"""The ``buildArch`` task: a source package to binary packages, for one arch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import koji

from koji_adjutant.builds.rpms import RpmBuild
from koji_adjutant.hub.arguments import Arch, Flag
from koji_adjutant.hub.rows import HostRow, TagReference
from koji_adjutant.hub.source_rpm import fetch_source_rpm, read_source_header
from koji_adjutant.hub.tasks import BuildArchResult, RepoOptions
from koji_adjutant.rpm.diff import rpmdiff_hash
from koji_adjutant.rpm.header import RpmHeader, Tag
from koji_adjutant.task_adapters.buildroot_task import BuildrootTask
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot

WEIGHT = 1.5
"""What the task weighs for the hub's scheduler, at first."""
WEIGHT_MAX_EXTRA = 18.0
"""What a long build weighs more, at most."""
SECONDS_PER_WEIGHT = 4800.0
"""Of the package's usual time, that add 1 to the weight."""


class BuildArchTask(BuildrootTask):
    """``buildArch(pkg, root, arch, keep_srpm, opts)`` -> {rpms, srpms, logs, brootid}.

    ``pkg`` is the SRPM's path below the hub's work directory, ``root`` the build tag, ``opts`` has repo_id.
    """

    Methods = ["buildArch"]  # noqa: RUF012

    def weight(self) -> float:
        return WEIGHT

    def checkHost(self, hostdata: HostRow) -> bool:  # noqa: N802
        return self.tag_is_for_this_host(lambda given: given["root"], hostdata)

    def handler(
        self, pkg: str, root: TagReference, arch: Arch, keep_srpm: Flag, opts: RepoOptions | None = None
    ) -> BuildArchResult:
        repo_id = (opts or {}).get("repo_id")
        if not repo_id:
            raise koji.BuildError("A repo id must be provided")
        repo = self.session.repoInfo(repo_id, strict=True)
        srpm = fetch_source_rpm(self.options, self.workdir, pkg)
        sources = self.evidence.source_package(srpm, pkg)
        usual = self._usual_seconds(read_source_header(srpm).text(Tag.NAME) or "")
        self._weigh(usual)
        record = TaskBuildroot.new(
            self.session,
            self.options,
            task_id=self.id,
            tag=root,
            arch=self._buildroot_arch(root, arch, repo["create_event"]),
            repo_id=repo_id,
        )
        with self.buildroot(record) as running:
            record.building()
            built = self.build_packages(record, running, srpm, arch, usual)
            if keep_srpm:
                check_origin_tags(built.srpm)
            hashes = {rpm.name: rpmdiff_hash(rpm) for rpm in built.rpms if rpm.name.endswith(".noarch.rpm")}
            results = [built.srpm, *built.rpms] if keep_srpm else built.rpms
            parameters = {"source": pkg, "arch": arch}
            self.evidence.write(running, record, results, sources=sources, parameters=parameters)
            self.evidence.bring_that_of_source(Path(self.workdir), running.workspace.resultdir, pkg)
            return self._hand_in(built, record, running.workspace.workdir, keep_srpm, hashes)

    def _usual_seconds(self, package: str) -> float:
        """Return how long a package's builds took in the last six months, 0 if there were none.

        All of a build, from the making of its record on: its tasks for all arches, and what they waited for.
        """
        return max(self.session.getAverageBuildDuration(package, age=6) or 0, 0)

    def _weigh(self, usual_seconds: float) -> None:
        """Give a long build more weight: the hub's scheduler then gives this host less beside it."""
        if usual_seconds:
            weight = WEIGHT + min(WEIGHT_MAX_EXTRA, usual_seconds / SECONDS_PER_WEIGHT)
            self.session.host.setTaskWeight(self.id, weight)

    def _buildroot_arch(self, root: TagReference, arch: str, event: int) -> str:
        """Return the arch to build on; for noarch one of both host and tag, rather the task's own."""
        preferred = self.own_row()["arch"] if arch == "noarch" else None
        host = self.session.host.getHost()
        tag = self.session.getBuildConfig(root, event=event)
        return self.find_arch(arch, host, tag, preferred_arch=preferred)

    def _hand_in(
        self,
        built: RpmBuild,
        record: TaskBuildroot,
        workdir: Path,
        keep_srpm: Flag,
        hashes: Mapping[str, str],
    ) -> BuildArchResult:
        """Upload the results. Returns what the hub and the parent task rely on."""
        logs = self.uploaded_logs()
        if hashes:
            file = workdir / "noarch_rpmdiff.json"
            file.write_text(json.dumps({self.id: hashes}, indent=2, sort_keys=True))
            logs.append(self.upload_result(file))
        rpms = [self.upload_result(rpm) for rpm in built.rpms]
        srpms: Sequence[str] = []
        if keep_srpm:
            srpms = [self.upload_result(built.srpm)]
        return {"rpms": rpms, "srpms": srpms, "logs": logs, "brootid": record.id}


def check_origin_tags(srpm: Path) -> None:
    """Raise koji.BuildError if a macro of the tag took away a package's marks of the build system."""
    header = RpmHeader(srpm)
    for tag in (Tag.PACKAGER, Tag.VENDOR, Tag.DISTRIBUTION):
        if not header.text(tag):
            raise koji.BuildError(f"The build system failed to set the {tag.name.lower()} tag")

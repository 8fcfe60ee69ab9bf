"""What the two tasks that make a source package have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.errors import SourceError
from koji_adjutant.hub.rows import HostRow, TagReference
from koji_adjutant.hub.source_rpm import read_source_header
from koji_adjutant.hub.tasks import SourcePackageResult
from koji_adjutant.provenance.resources import Resource
from koji_adjutant.task_adapters.buildroot_task import BuildrootTask
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot


class SourcePackageTask(BuildrootTask):
    """A task with the arguments (source, build_tag, opts) whose result is one SRPM."""

    _taskWeight = 1.0  # noqa: N815

    def checkHost(self, hostdata: HostRow) -> bool:  # noqa: N802
        return self.tag_is_for_this_host(lambda given: given["build_tag"], hostdata)

    def new_buildroot(self, repo_id: int | None, build_tag: TagReference, *, network: bool) -> TaskBuildroot:
        """Make a record for a buildroot of the group srpm-build, on an arch of both host and tag."""
        if not repo_id:
            raise koji.BuildError("A repo id must be provided")
        event = self.session.repoInfo(repo_id, strict=True)["create_event"]
        tag = self.session.getTag(build_tag, strict=True, event=event)
        host = self.session.host.getHost()
        arch = self.find_arch("noarch", host, self.session.getBuildConfig(tag["id"], event=event))
        self.build_tag = tag
        return TaskBuildroot.new(
            self.session,
            self.options,
            task_id=self.id,
            tag=tag["id"],
            arch=arch,
            repo_id=repo_id,
            group="srpm-build",
            network=network,
        )

    def hand_in(
        self,
        srpm: Path,
        record: TaskBuildroot,
        running: Buildroot,
        source: Mapping[str, str],
        *,
        made_from: Sequence[Resource],
        parameters: Mapping[str, Any],
    ) -> SourcePackageResult:
        """Upload the SRPM, and evidence of how it was made from what.

        Returns the task's result; raises SourceError if the header says another name.
        """
        expected = read_source_header(srpm).source_file_name
        if srpm.name != expected:
            raise SourceError(f"srpm name mismatch: {expected} != {srpm.name}")
        self.evidence.write(running, record, [srpm], sources=made_from, parameters=parameters)
        return {
            "srpm": self.upload_result(srpm),
            "logs": self.uploaded_logs(),
            "brootid": record.id,
            "source": source,
        }

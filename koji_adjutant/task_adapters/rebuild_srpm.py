"""The ``rebuildSRPM`` task: a user's source package, made anew in the build tag's environment."""

from __future__ import annotations

from koji_adjutant.builds.srpm import rebuild_srpm
from koji_adjutant.hub.rows import TagReference
from koji_adjutant.hub.source_rpm import fetch_source_rpm, read_source_header
from koji_adjutant.hub.tasks import SourceOptions, SourcePackageResult
from koji_adjutant.task_adapters.srpm_task import SourcePackageTask


class RebuildSRPMTask(SourcePackageTask):
    """``rebuildSRPM(srpm, build_tag, opts)`` -> {srpm, logs, brootid, source}; ``opts`` has repo_id."""

    Methods = ["rebuildSRPM"]  # noqa: RUF012

    def handler(
        self, srpm: str, build_tag: TagReference, opts: SourceOptions | None = None
    ) -> SourcePackageResult:
        record = self.new_buildroot((opts or {}).get("repo_id"), build_tag, network=False)
        with self.buildroot_workspace(record) as workspace:
            given = fetch_source_rpm(self.options, self.workdir, srpm, missing="Input SRPM file missing")
            read_source_header(given)
            made_from = self.evidence.source_package(given, srpm)
            with self.reported_buildroot(workspace, record) as running:
                record.building()
                with self.live_logs.following():
                    rebuilt = rebuild_srpm(running, given)
                return self.hand_in(
                    rebuilt,
                    record,
                    running,
                    {"source": rebuilt.name, "url": rebuilt.name},
                    made_from=made_from,
                    parameters={"source": srpm},
                )

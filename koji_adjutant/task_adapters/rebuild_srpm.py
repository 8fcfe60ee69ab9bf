"""The ``rebuildSRPM`` task: a user's source package, made anew in the build tag's environment."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.builds.srpm import rebuild_srpm
from koji_adjutant.hub.source_rpm import fetch_source_rpm, read_source_header
from koji_adjutant.task_adapters.srpm_task import SourcePackageTask


class RebuildSRPMTask(SourcePackageTask):
    """``rebuildSRPM(srpm, build_tag, opts)`` -> {srpm, logs, brootid, source}; ``opts`` has repo_id."""

    Methods = ["rebuildSRPM"]  # noqa: RUF012

    def handler(self, srpm: str, build_tag: int | str, opts: dict[str, Any] | None = None) -> dict[str, Any]:
        buildroot = self.new_buildroot((opts or {}).get("repo_id"), build_tag, network=False)
        with (
            buildroot.expired_in_the_end(),
            self.open_buildroot_workspace(buildroot) as workspace,
            ExitStack() as stack,
        ):
            given = fetch_source_rpm(self.options, self.workdir, srpm, missing="Input SRPM file missing")
            read_source_header(given)
            with self.live_logs.following():
                running = stack.enter_context(open_buildroot(workspace, buildroot.config))
            self.report(buildroot, running)
            buildroot.building()
            with self.live_logs.following():
                rebuilt = rebuild_srpm(running, given)
            return self.hand_in(rebuilt, buildroot, {"source": rebuilt.name, "url": rebuilt.name})

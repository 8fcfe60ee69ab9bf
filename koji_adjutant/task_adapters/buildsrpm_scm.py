"""The ``buildSRPMFromSCM`` task: a source package from a packager's repository."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from koji_adjutant.builds.scm_srpm import srpm_from_scm
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.hub.rows import TagReference
from koji_adjutant.hub.tasks import SourceOptions, SourcePackageResult
from koji_adjutant.provenance.resources import source_resource
from koji_adjutant.scm.source import ScmSource
from koji_adjutant.task_adapters.scm_task import ScmTask
from koji_adjutant.task_adapters.srpm_task import SourcePackageTask
from koji_adjutant.text import without_credentials


class BuildSRPMFromSCMTask(ScmTask, SourcePackageTask):
    """``buildSRPMFromSCM(url, build_tag, opts)`` -> {srpm, logs, brootid, source}; opts: repo_id, scratch."""

    Methods = ["buildSRPMFromSCM"]  # noqa: RUF012

    def handler(
        self, url: str, build_tag: TagReference, opts: SourceOptions | None = None
    ) -> SourcePackageResult:
        opts = opts or {}
        scm = self.allowed_scm(url, opts.get("scratch"))
        source = ScmSource.of(scm)
        record = self.new_buildroot(opts.get("repo_id"), build_tag, network=True)
        hooks = self.scm_hooks(scm, record, self.build_tag, opts.get("scratch"))
        with self.buildroot(record, source_mounts=self._credentials()) as running:
            with self.live_logs.following():
                built = srpm_from_scm(running, source, self.spec_rules, hooks, self.checkout_options)
            return self.hand_in(
                built.srpm,
                record,
                running,
                built.source,
                made_from=[source_resource(built.source["source"])],
                parameters={"source": without_credentials(url), "scratch": bool(opts.get("scratch"))},
            )

    def _credentials(self) -> list[VolumeMount]:
        """Return kojid's scm_credentials_dir as a mount, which the source command finds at /credentials."""
        directory = self.options.scm_credentials_dir
        if not directory or not Path(directory).is_dir():
            return []
        return [VolumeMount(Path(directory), PurePosixPath("/credentials"), read_only=True)]

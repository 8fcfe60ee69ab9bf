"""The ``buildSRPMFromSCM`` task: a source package from a packager's repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from koji.daemon import SCM

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.builds.scm_srpm import ScmHooks, srpm_from_scm
from koji_adjutant.builds.spec import SpecRules
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.scm.checkout import CheckoutOptions
from koji_adjutant.scm.commands import GIT_CONFIGURATION
from koji_adjutant.scm.source import ScmSource
from koji_adjutant.task_adapters.srpm_task import SourcePackageTask
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot


class BuildSRPMFromSCMTask(SourcePackageTask):
    """``buildSRPMFromSCM(url, build_tag, opts)`` -> {srpm, logs, brootid, source}; opts: repo_id, scratch."""

    Methods = ["buildSRPMFromSCM"]  # noqa: RUF012

    def handler(self, url: str, build_tag: int | str, opts: dict[str, Any] | None = None) -> dict[str, Any]:
        opts = opts or {}
        scm = self._allowed_scm(url, opts.get("scratch"))
        source = ScmSource.of(scm)
        buildroot = self.new_buildroot(opts.get("repo_id"), build_tag, network=True)
        rules = SpecRules(
            support_rpm_source_layout=self.options.support_rpm_source_layout,
            strict_spec_tags=self.adjutant.strict_spec_tags,
        )
        hooks = self._hooks(scm, buildroot, opts.get("scratch"))
        access = CheckoutOptions(self.adjutant.scm_home, self.adjutant.checkout_timeout)
        with (
            buildroot.expired_in_the_end(),
            self.open_buildroot_workspace(buildroot, self._credentials()) as workspace,
            ExitStack() as stack,
        ):
            with self.live_logs.following():
                running = stack.enter_context(open_buildroot(workspace, buildroot.config))
            self.report(buildroot, running)
            with self.live_logs.following():
                built = srpm_from_scm(running, source, rules, hooks, access)
            return self.hand_in(built.srpm, buildroot, built.source)

    def _credentials(self) -> list[VolumeMount]:
        """kojid's scm_credentials_dir, which the source command finds at /credentials."""
        directory = self.options.scm_credentials_dir
        if not directory or not Path(directory).is_dir():
            return []
        return [VolumeMount(Path(directory), PurePosixPath("/credentials"), read_only=True)]

    def _allowed_scm(self, url: str, scratch: bool | None) -> SCM:
        """The parsed URL; koji's own faults if it is malformed, or not allowed by configuration or policy."""
        scm = SCM(url, allow_password=self.options.allow_password_in_scm_url)
        channel = self.session.getChannel(self.taskinfo["channel_id"], strict=True)["name"]
        scm.assert_allowed(
            allowed=self.options.allowed_scms,
            session=self.session,
            by_config=self.options.allowed_scms_use_config,
            by_policy=self.options.allowed_scms_use_policy,
            policy_data={"user_id": self.taskinfo["owner"], "channel": channel, "scratch": scratch},
        )
        return scm

    def _hooks(self, scm: SCM, buildroot: TaskBuildroot, scratch: bool | None) -> ScmHooks:
        """kojid's plugin callbacks around the checkout; after it the buildroot is BUILDING."""
        known = {
            "scminfo": scm.get_info(),
            "build_tag": self.build_tag,
            "scratch": scratch,
            "buildroot": buildroot,
        }

        def before() -> None:
            with self.live_logs.paused():
                self.run_callbacks("preSCMCheckout", **known)

        def after(directory: Path) -> None:
            with self.live_logs.paused():
                with _careful_git():
                    self.run_callbacks("postSCMCheckout", srcdir=str(directory), **known)
                buildroot.building()

        return ScmHooks(before, after)


@contextmanager
def _careful_git() -> Iterator[None]:
    """For plugins that run git in the checkout, on this side of the wall (stock scmpolicy does)."""
    before = dict(os.environ)
    os.environ.update(GIT_CONFIGURATION)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

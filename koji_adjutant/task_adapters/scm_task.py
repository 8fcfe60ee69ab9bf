"""What the tasks that check sources out have in common."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koji.daemon import SCM

from koji_adjutant.builds.scm_srpm import ScmHooks
from koji_adjutant.builds.spec import SpecRules
from koji_adjutant.hub.rows import TagRow
from koji_adjutant.scm.checkout import CheckoutOptions
from koji_adjutant.scm.commands import GIT_CONFIGURATION
from koji_adjutant.scm.source import parse_url
from koji_adjutant.task_adapters.buildroot_task import BuildrootTask
from koji_adjutant.task_adapters.task_buildroot import TaskBuildroot


class ScmTask(BuildrootTask):
    """A task with sources from an SCM."""

    def allowed_scm(self, url: str, scratch: bool | None) -> SCM:
        """Return the parsed URL.

        Raises koji's own faults if it is malformed, or not allowed by configuration or policy.
        """
        scm = parse_url(url, allow_password=self.options.allow_password_in_scm_url)
        channel = self.session.getChannel(self.taskinfo["channel_id"], strict=True)["name"]
        scm.assert_allowed(
            allowed=self.options.allowed_scms,
            session=self.session,
            by_config=self.options.allowed_scms_use_config,
            by_policy=self.options.allowed_scms_use_policy,
            policy_data={"user_id": self.taskinfo["owner"], "channel": channel, "scratch": scratch},
        )
        return scm

    @property
    def spec_rules(self) -> SpecRules:
        return SpecRules(
            support_rpm_source_layout=self.options.support_rpm_source_layout,
            strict_spec_tags=self.adjutant.strict_spec_tags,
        )

    @property
    def checkout_options(self) -> CheckoutOptions:
        return CheckoutOptions(self.adjutant.scm_home, self.adjutant.checkout_timeout)

    def scm_hooks(self, scm: SCM, record: TaskBuildroot, build_tag: TagRow, scratch: bool | None) -> ScmHooks:
        """Return kojid's plugin callbacks around the checkout; after it the buildroot is BUILDING."""
        known = {
            "scminfo": scm.get_info(),
            "build_tag": build_tag,
            "scratch": scratch,
            "buildroot": record,
        }

        def before() -> None:
            with self.live_logs.paused():
                self.run_callbacks("preSCMCheckout", **known)

        def after(directory: Path) -> None:
            with self.live_logs.paused():
                with _careful_git():
                    self.run_callbacks("postSCMCheckout", srcdir=str(directory), **known)
                record.building()

        return ScmHooks(before, after)


@contextmanager
def _careful_git() -> Iterator[None]:
    """Make git careful, for plugins that run it in the checkout on the host (stock scmpolicy does)."""
    before = dict(os.environ)
    os.environ.update(GIT_CONFIGURATION)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

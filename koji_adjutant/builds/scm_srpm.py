"""SCM to SRPM: kojid's buildSRPMFromSCM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.scm.source import ScmSource


@dataclass(frozen=True)
class SpecRules:
    """``support_rpm_source_layout`` is kojid's option; ``strict_spec_tags`` ours, see spec.py."""

    support_rpm_source_layout: bool = True
    strict_spec_tags: bool = False


@dataclass(frozen=True)
class ScmHooks:
    """Where kojid's preSCMCheckout and postSCMCheckout callbacks run; the latter gets the source's place."""

    before_checkout: Callable[[], None] = lambda: None
    after_checkout: Callable[[Path], None] = lambda _directory: None


@dataclass(frozen=True)
class ScmSrpm:
    """The SRPM, in resultdir, and koji's ``source``: url as asked for, source with the resolved commit."""

    srpm: Path
    source: dict[str, str]


def srpm_from_scm(
    root: Buildroot, source: ScmSource, rules: SpecRules = SpecRules(), hooks: ScmHooks = ScmHooks()
) -> ScmSrpm:
    """Check out, choose the spec, run the source command with network, and ``rpmbuild -bs``.

    SourceError (checkout), SpecError (spec rules), BuildFailed ("error retrieving sources, …", "error
    building srpm, …").
    """
    raise NotImplementedError

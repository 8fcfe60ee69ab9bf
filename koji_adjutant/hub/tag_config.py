"""What a buildroot of a tag is made of, as hub and kojid.conf say."""

from __future__ import annotations

from pathlib import Path

import koji

from koji_adjutant.buildroot.specification.config import BuildrootConfig, TagOptions, for_tag
from koji_adjutant.config import KojidOptions
from koji_adjutant.config.site_defaults import NO_DEFAULTS, read_site_defaults
from koji_adjutant.errors import UsageError
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.rows import RepoRow


def config_in_repo(
    session: HubSession,
    options: KojidOptions,
    tag: str,
    repo: RepoRow,
    arch: str,
    group: str,
    *,
    network: bool,
) -> BuildrootConfig:
    """Return what builds of ``tag`` get from its ``repo``, with no record of it.

    Raises UsageError for an arch that the tag does not have.
    """
    config = session.getBuildConfig(tag, event=repo["create_event"])
    if koji.canonArch(arch) not in koji_arches(config["arches"] or ""):
        raise UsageError(f"The tag {tag} is for {config['arches'] or 'no arch'}, not for {arch}.")
    return for_tag(
        config, repo["id"], arch, group, buildroot_id=0, options=tag_options(options), network=network
    )


def tag_options(options: KojidOptions) -> TagOptions:
    """Return what kojid.conf, and mock's configuration of this host, add to a tag's configuration.

    Raises ConfigError if the latter cannot be read.
    """
    ours = options.adjutant
    site = read_site_defaults(ours.site_defaults) if ours.site_defaults else NO_DEFAULTS
    return TagOptions(
        topurls=options.topurls,
        topdir=Path(options.topdir),
        vendor=options.vendor,
        packager=options.packager,
        distribution=options.distribution,
        mockhost=options.mockhost,
        yum_proxy=options.yum_proxy,
        rpmbuild_timeout=options.rpmbuild_timeout,
        host_macros=site.macros,
        macros=ours.macros,
        environment={**site.environment, **ours.environment},
    )


def koji_arches(arches: str) -> set[str]:
    """Return the arches of a tag or host, in koji's own spelling: i386 for i686, say."""
    return {koji.canonArch(arch) for arch in arches.split()}

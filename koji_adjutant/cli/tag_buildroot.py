"""The buildroots that a tag's builds get now, as the hub has them."""

from __future__ import annotations

from collections.abc import Sequence

from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import UsageError
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.session import asked
from koji_adjutant.hub.tag_config import config_in_repo


def latest_of_tag(
    options: KojidOptions, tag: str, arch: str, group: str, *, network: bool
) -> BuildrootConfig:
    """Return the buildroot of the tag's latest repo.

    Raises UsageError for a tag without one, HubError if the hub cannot be asked.
    """
    with asked(options, f"the tag {tag}") as session:
        (config,) = _latest(session, options, tag, arch, [group], network=network)
        return config


def latest_of_target(
    options: KojidOptions, target: str, arch: str, *groups: str, network: bool = False
) -> list[BuildrootConfig]:
    """Return the buildroots, one for each package group, of the latest repo that a target's builds get.

    Raises UsageError for a target that there is not, or that has no repo; HubError as ``latest_of_tag``.
    """
    with asked(options, f"the target {target}") as session:
        found = session.getBuildTarget(target)
        if found is None:
            raise UsageError(f"The hub {options.server} has no build target {target}.")
        return _latest(session, options, found["build_tag_name"], arch, groups, network=network)


def _latest(
    session: HubSession,
    options: KojidOptions,
    tag: str,
    arch: str,
    groups: Sequence[str],
    *,
    network: bool,
) -> list[BuildrootConfig]:
    repo = session.getRepo(tag)
    if repo is None:
        raise UsageError(f"The tag {tag} has no repo: `koji regen-repo {tag}` makes one.")
    return [config_in_repo(session, options, tag, repo, arch, group, network=network) for group in groups]

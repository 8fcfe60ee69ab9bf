"""The buildroot that a tag's builds get now, as the hub has it."""

from __future__ import annotations

import koji

from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import AdjutantError, HubError, UsageError
from koji_adjutant.hub.session import hub_errors_explained, impatient_session
from koji_adjutant.hub.tag_config import config_in_repo


def latest_of_tag(
    options: KojidOptions, tag: str, arch: str, group: str, *, network: bool
) -> BuildrootConfig:
    """Return the buildroot of the tag's latest repo.

    Raises UsageError for a tag without one, HubError if the hub cannot be asked.
    """
    session = impatient_session(options)
    try:
        with hub_errors_explained(options):
            repo = session.getRepo(tag)
            if repo is None:
                raise UsageError(f"The tag {tag} has no repo: `koji regen-repo {tag}` makes one.")
            return config_in_repo(session, options, tag, repo, arch, group, network=network)
    except AdjutantError:
        raise
    except koji.GenericError as problem:
        raise HubError(f"The hub says of the tag {tag}: {problem}") from problem

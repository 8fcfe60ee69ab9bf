"""The buildroot that a tag's builds get now, as the hub has it."""

from __future__ import annotations

import koji

from koji_adjutant.buildroot.config import BuildrootConfig, for_tag
from koji_adjutant.config import KojidOptions
from koji_adjutant.daemon.login import impatient_session, plain_words
from koji_adjutant.errors import AdjutantError, HubError, UsageError
from koji_adjutant.task_adapters.task_buildroot import tag_options


def latest_of_tag(
    options: KojidOptions, tag: str, arch: str, group: str, *, network: bool
) -> BuildrootConfig:
    """From the tag's latest repo. UsageError for a tag without one; HubError if the hub cannot be asked."""
    session = impatient_session(options)
    try:
        with plain_words(options):
            repo = session.getRepo(tag)
            if repo is None:
                raise UsageError(f"The tag {tag} has no repo: `koji regen-repo {tag}` makes one.")
            config = session.getBuildConfig(tag, event=repo["create_event"])
    except AdjutantError:
        raise
    except koji.GenericError as problem:
        raise HubError(f"The hub says of the tag {tag}: {problem}") from problem
    if koji.canonArch(arch) not in {koji.canonArch(one) for one in (config["arches"] or "").split()}:
        raise UsageError(f"The tag {tag} is for {config['arches'] or 'no arch'}, not for {arch}: see --arch.")
    return for_tag(
        config, repo["id"], arch, group, buildroot_id=0, options=tag_options(options), network=network
    )

"""Profiles of the stock client (``koji -p NAME``): which hub people mean when they name one."""

from __future__ import annotations

import click
import koji

from koji_adjutant.config import AdjutantOptions, KojidOptions
from koji_adjutant.errors import UsageError

PROFILE_HELP = "Profile of the koji client, which names the hub"


def hub_of_profile(name: str) -> KojidOptions:
    """Return what a worker of that hub would have to know of it, for whoever only asks.

    Raises UsageError for a profile that koji's configuration does not have, or that lacks the hub's files.
    """
    try:
        profile = koji.read_config(name)
    except koji.ConfigurationError as problem:
        raise UsageError(f"{problem}: name a profile of the koji client with --profile.") from problem
    urls = (profile["topurl"] or "").split()
    if not urls:
        raise UsageError(f"The profile {name} of the koji client has no topurl, where the hub's repos are.")
    return KojidOptions(
        server=profile["server"],
        topurl=urls[0],
        topurls=urls,
        serverca=profile["serverca"],
        no_ssl_verify=profile["no_ssl_verify"],
        # what the farm's builders have of their hosts is not this machine's
        adjutant=AdjutantOptions(site_defaults=None),
    )


profile_option = click.option("-p", "--profile", metavar="NAME", help=f"{PROFILE_HELP}.")
target_option = click.option(
    "--target", metavar="TARGET", help="Build target of a hub: in the buildroot that its builds get."
)

"""--mount: directories of this machine that a local build uses, such as a compiler's cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.build_mounts_check import check_build_mounts
from koji_adjutant.config.host_access import BuildMount, build_mounts
from koji_adjutant.errors import UsageError


def _read(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> tuple[BuildMount, ...]:
    for text in given:
        if len(text.split()) != 1:
            raise UsageError(f"--mount takes SOURCE:TARGET or SOURCE:TARGET:ro, and {text!r} is neither.")
    try:
        return build_mounts("\n".join(given))
    except ValueError as problem:
        raise UsageError(f"--mount {problem}.") from None


mount_option = click.option(
    "--mount",
    "mounts",
    multiple=True,
    metavar="SOURCE:TARGET[:ro]",
    callback=_read,
    help="A directory of this machine that builds see at TARGET, like a compiler's cache.",
)


def with_mounts(
    config: BuildrootConfig, mounts: Sequence[BuildMount], options: AdjutantOptions
) -> BuildrootConfig:
    """Let builds use these as well. Raises UsageError for what is not there, or is not for builds."""
    check_build_mounts(replace(options, build_mounts=tuple(mounts)), None)
    for each in mounts:
        if why := each.lacking():
            raise UsageError(f"--mount {each.what.source}: it is {why}.")
    return replace(config, build_mounts=(*config.build_mounts, *(each.what for each in mounts)))

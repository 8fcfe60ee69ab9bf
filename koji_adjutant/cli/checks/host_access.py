"""What builds get from this host: mock's site-defaults.cfg, build_mounts, build_devices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koji_adjutant.cli.checks.result import CheckResult, Level
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.host_access import BuildDevice, BuildMount
from koji_adjutant.config.site_defaults import read_site_defaults
from koji_adjutant.errors import ConfigError


def check_host_access(options: AdjutantOptions) -> Iterator[CheckResult]:
    yield from _site_defaults(options)
    everything: Sequence[BuildMount | BuildDevice] = (*options.build_mounts, *options.build_devices)
    for each in everything:
        if why := each.lacking():
            yield CheckResult(Level.FAIL, "builds", f"{each} is {why}: tasks whose builds get it are refused")


def _site_defaults(options: AdjutantOptions) -> Iterator[CheckResult]:
    file = options.site_defaults
    if file is None or not file.exists():
        return
    try:
        found = read_site_defaults(file)
    except ConfigError as problem:
        yield CheckResult(Level.FAIL, "site_defaults", f"{problem} Mend it, or leave site_defaults empty")
        return
    yield CheckResult(
        Level.OK,
        "site_defaults",
        f"of {file} builds get {len(found.macros)} macros and {len(found.environment)} variables",
    )
    for sentence in found.not_heeded:
        yield CheckResult(Level.WARN, "site_defaults", f"{file}, {sentence}")

"""What will be different for a stock builder that becomes one of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from koji_adjutant.cli.checks.result import CheckResult, Level
from koji_adjutant.config import kojid
from koji_adjutant.config.loading import load, read_file
from koji_adjutant.config.moving import (
    BUILT_IN,
    OTHERWISE,
    WITHOUT_EFFECT,
    file_of_plugin,
    registers_callbacks,
)
from koji_adjutant.config.site_defaults import read_site_defaults

_OF_KOJID = re.compile(r"^\s*(?:from __main__ import|import __main__)", re.MULTILINE)


def check_moving(configuration: Path, site_defaults: Path) -> Iterator[CheckResult]:
    """Yield a line for each difference: FAIL where no worker would start, WARN for what is not done here.

    Raises ConfigError if a file cannot be used.
    """
    options = load(configuration).kojid
    parser = read_file(configuration)
    written = parser.options("kojid") if parser.has_section("kojid") else []
    for name in (kojid.ALIASES.get(key, key) for key in written):
        if name in WITHOUT_EFFECT:
            reason = WITHOUT_EFFECT[name].replace("`", "")
            yield CheckResult(Level.WARN, name, f"has no effect: {reason}")
        elif name in OTHERWISE:
            yield CheckResult(Level.OK, name, OTHERWISE[name])
    for plugin in options.plugin or ():
        level, sentence = _plugin(plugin, options.pluginpath)
        yield CheckResult(level, f"plugin {plugin}", sentence)
    heeded = read_site_defaults(site_defaults)
    for kind, found in (("macros", heeded.macros), ("environment", heeded.environment)):
        if found:
            sentence = f"{kind} are for all builds here, too: {', '.join(found)}"
            yield CheckResult(Level.OK, site_defaults.name, sentence)
    for sentence in heeded.not_heeded:
        yield CheckResult(Level.WARN, site_defaults.name, sentence)
    yield CheckResult(
        Level.WARN,
        "tasks",
        "those that make images or build with Maven are refused: keep a stock builder in their channels",
    )


def _plugin(name: str, path: str) -> tuple[Level, str]:
    if name in BUILT_IN:
        return Level.OK, "is built in; its own file is not loaded, its configuration is heeded"
    file = file_of_plugin(name, path.split(":"))
    if file is None:
        return Level.FAIL, f"is not in {path}: no worker starts without it"
    text = file.read_text(errors="replace")
    if not _OF_KOJID.search(text):
        return Level.OK, "is loaded unchanged; no worker starts if that fails"
    if registers_callbacks(text):
        return Level.FAIL, "needs parts of the stock kojid: no worker starts"
    return Level.WARN, "needs parts of the stock kojid: its tasks are left to others"

"""What of a stock builder's configuration is different here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.config import kojid
from koji_adjutant.config.loading import load, read_file
from koji_adjutant.config.site_defaults import read_site_defaults

WITHOUT_EFFECT: Mapping[str, str] = {
    "use_createrepo_c": "the tool image has createrepo_c and no other",
    "mock_bootstrap_image": "the tool image takes the place of mock's bootstrap",
    "mockuser": "builds run as a user of their own that the host does not have",
    "chroot_tmpdir": "sources are checked out below `/builddir`",
    "buildroot_basic_cleanup_delay": "a buildroot ends with its task, so none is left to be cleaned up",
    "buildroot_final_cleanup_delay": "a buildroot ends with its task, so none is left to be cleaned up",
    "task_avail_delay": "nor with a stock builder of koji 1.35: the hub gives tasks out",
    "maven_repo_ignore": "`buildMaven` tasks are refused",
    "oz_install_timeout": "image tasks are refused",
    "xz_options": "image tasks are refused",
    "allow_noverifyssl": "image tasks are refused",
    "pkgurl": "obsolete; a warning says so",
}
"""Options of the stock builder that change nothing, and why; docs/reference.md has the same."""

OTHERWISE: Mapping[str, str] = {
    "minspace": "must be free in state_dir and workdir, not in mockdir",
    "mockdir": "only the beginning of the names in saveFailedTree's archive",
    "failed_buildroot_lifetime": "only where plugin has save_failed_tree",
    "workdir": "builds write there, too: it needs the room that mockdir had",
}
"""Options that mean something else, or more."""

_OF_KOJID = re.compile(r"^\s*(?:from __main__ import|import __main__)", re.MULTILINE)

BUILT_IN = ("runroot", "save_failed_tree")


@dataclass(frozen=True)
class Change:
    """``lost``: what a stock builder does and this worker does not; ``broken``: this would not start."""

    subject: str
    sentence: str
    lost: bool = False
    broken: bool = False


def changes(configuration: Path, site_defaults: Path) -> Iterator[Change]:
    """Yield what will be different for a builder with these files. Raises ConfigError if one is unusable."""
    options = load(configuration).kojid
    parser = read_file(configuration)
    written = parser.options("kojid") if parser.has_section("kojid") else []
    for name in (kojid.ALIASES.get(key, key) for key in written):
        if name in WITHOUT_EFFECT:
            yield Change(name, f"has no effect: {WITHOUT_EFFECT[name].replace('`', '')}", lost=True)
        elif name in OTHERWISE:
            yield Change(name, OTHERWISE[name])
    for plugin in options.plugin or ():
        yield _plugin(plugin, options.pluginpath)
    heeded = read_site_defaults(site_defaults)
    for kind, found in (("macros", heeded.macros), ("environment", heeded.environment)):
        if found:
            yield Change(site_defaults.name, f"{kind} are for all builds here, too: {', '.join(found)}")
    for sentence in heeded.not_heeded:
        yield Change(site_defaults.name, sentence, lost=True)
    yield Change(
        "tasks",
        "those that make images or build with Maven are refused: keep a stock builder in their channels",
        lost=True,
    )


def _plugin(name: str, path: str) -> Change:
    subject = f"plugin {name}"
    if name in BUILT_IN:
        return Change(subject, "is built in; its own file is not loaded, its configuration is heeded")
    file = file_of_plugin(name, path.split(":"))
    if file is None:
        return Change(subject, f"is not in {path}: no worker starts without it", lost=True, broken=True)
    text = file.read_text(errors="replace")
    if not _OF_KOJID.search(text):
        return Change(subject, "is loaded unchanged; no worker starts if that fails")
    if registers_callbacks(text):
        return Change(subject, "needs parts of the stock kojid: no worker starts", lost=True, broken=True)
    return Change(subject, "needs parts of the stock kojid: its tasks are left to others", lost=True)


def file_of_plugin(name: str, path: Sequence[str]) -> Path | None:
    """Return the file that koji would load, a module or a package; None if there is none."""
    found = (Path(place, part) for place in path for part in (f"{name}.py", f"{name}/__init__.py"))
    return next((file for file in found if file.is_file()), None)


def registers_callbacks(plugin: str) -> bool:
    """Return whether a plugin, by its text, has a word in what others do: perhaps to forbid it."""
    return "callback" in plugin

"""What of a stock builder's configuration is different here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

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

BUILT_IN = ("runroot", "save_failed_tree")


def file_of_plugin(name: str, path: Sequence[str]) -> Path | None:
    """Return the file that koji would load, a module or a package; None if there is none."""
    found = (Path(place, part) for place in path for part in (f"{name}.py", f"{name}/__init__.py"))
    return next((file for file in found if file.is_file()), None)


def registers_callbacks(plugin: str) -> bool:
    """Return whether a plugin, by its text, has a word in what others do: perhaps to forbid it."""
    return "callback" in plugin

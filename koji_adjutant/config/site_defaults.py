"""mock's site-defaults.cfg: what a stock builder's builds get from their host.

The file is a program in Python, which mock runs. Here it is only read: of plain assignments of plain values
those are taken that mean something to builds, and everything else is named.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.errors import ConfigError

logger = logging.getLogger("koji_adjutant.config")

OPTIONS = "config_opts"

WITHOUT_MEANING = (
    "backup_base_dir", "backup_on_clean", "basedir", "bootstrap", "build_log_fmt_name", "cache_topdir",
    "clean", "createrepo", "dev_loop_count", "dnf4_", "dnf5_", "dnf_warning", "docker_unshare_warning",
    "exclude_from_homedir_cleanup", "internal_dev_setup", "isolation", "log_config_file",
    "no_root_shells", "nosync", "nspawn_args", "package_manager_", "plugin_conf.bind_mount_enable",
    "plugin_conf.hw_info", "plugin_conf.lvm_root", "plugin_conf.overlayfs", "plugin_conf.package_state",
    "plugin_conf.root_cache", "plugin_conf.rpmautospec", "plugin_conf.tmpfs", "plugin_conf.yum_cache",
    "print_main_output", "root_log_fmt_name", "state_log_fmt_name", "stderr_line_prefix", "tar",
    "update_before_build", "use_bootstrap", "use_nspawn", "yum_",
)  # fmt: skip
"""What begins with these is about mock's ways of making chroots: no build can tell."""

INSTEAD = {
    "plugin_conf.bind_mount_opts": "build_mounts in [adjutant] is for that",
    "plugin_conf.ccache": "builds share no compiler cache here",
    "plugin_conf.sign": "a stock builder has to do that",
    "rpmbuild_networking": "builds have no network here",
    "use_host_resolv": "builds have no network here",
    "rpmbuild_timeout": "rpmbuild_timeout in [kojid] counts",
}
"""What to do for some others, by how their names begin."""


@dataclass(frozen=True)
class SiteDefaults:
    """What of the file is heeded, and a sentence for each thing that is not but might be missed.

    Names of ``macros`` have their %.
    """

    macros: Mapping[str, str]
    environment: Mapping[str, str]
    not_heeded: Sequence[str]


NO_DEFAULTS = SiteDefaults({}, {}, ())


def read_site_defaults(path: Path) -> SiteDefaults:
    """Read the file; nothing if there is none. Raises ConfigError if it cannot be read, or is no Python."""
    try:
        program = ast.parse(path.read_bytes(), str(path))
    except FileNotFoundError:
        return NO_DEFAULTS
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise ConfigError(f"The file {path} cannot be read: {problem}.") from problem
    reader = _Reader()
    for statement in program.body:
        reader.read(statement)
    return SiteDefaults(reader.macros, reader.environment, tuple(reader.not_heeded))


def name_what_is_not_heeded(path: Path | None) -> None:
    """Log what of the file has no effect. Raises ConfigError if it cannot be read."""
    if path is not None:
        for sentence in read_site_defaults(path).not_heeded:
            logger.warning("%s, %s", path, sentence)


class _Reader:
    def __init__(self) -> None:
        self.macros: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.not_heeded: list[str] = []

    def read(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Assign(targets=[target], value=ast.Constant(value=False)) if (
                keys := _keys(target)
            ) and keys[-1].endswith("_enable"):
                pass  # a plugin that is switched off is missed by nobody
            case ast.Assign(targets=[target], value=value) if keys := _keys(target):
                if keys in (["macros"], ["environment"]):
                    (self.macros if keys == ["macros"] else self.environment).clear()
                self._set(statement, keys, value)
            case ast.AugAssign(target=target) if keys := _keys(target):
                self._leave(statement, keys)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=target, attr=method), args=arguments)) if (
                keys := _keys(target)
            ):
                if method == "update" and len(arguments) == 1:
                    self._set(statement, keys, arguments[0])
                else:
                    self._leave(statement, keys)
            case _:
                self._say(statement, "is no plain assignment to config_opts, and is not read")

    def _set(self, statement: ast.stmt, keys: Sequence[str], value: ast.expr) -> None:
        match keys:
            case [("macros" | "environment") as name]:
                match value:
                    case ast.Dict(keys=items, values=each) if all(map(_text, items)):
                        for item, one in zip(items, each, strict=True):
                            self._put(statement, name, _text(item) or "", one)
                    case _:
                        self._say(statement, f"config_opts[{name!r}] gets no plain value, and is not read")
            case [("macros" | "environment") as name, item]:
                self._put(statement, name, item, value)
            case _:
                self._leave(statement, keys)

    def _put(self, statement: ast.stmt, name: str, item: str, value: ast.expr) -> None:
        text = _plain(value)
        if text is None or len(item.split()) != 1 or "=" in item or "\n" in text or "\0" in text:
            self._say(statement, f"config_opts[{name!r}][{item!r}] has no plain value, and is not read")
        elif name == "macros":
            self.macros[item if item.startswith("%") else f"%{item}"] = text
        else:
            self.environment[item] = text

    def _leave(self, statement: ast.stmt, keys: Sequence[str]) -> None:
        """Name an option that is not heeded, unless no build can tell."""
        option = ".".join(keys)
        if option.startswith(WITHOUT_MEANING):
            return
        hint = next((said for begin, said in INSTEAD.items() if option.startswith(begin)), "")
        self._say(statement, f"{option} has no effect here" + (f": {hint}" if hint else ""))

    def _say(self, statement: ast.stmt, sentence: str) -> None:
        self.not_heeded.append(f"line {statement.lineno}: {sentence}")


def _keys(target: ast.expr) -> list[str]:
    """Return the keys of ``config_opts["a"]["b"]``; nothing for what is none."""
    match target:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))) if name == OPTIONS:
            return [key]
        case ast.Subscript(value=ast.Subscript() as inner, slice=ast.Constant(value=str(key))):
            outer = _keys(inner)
            return [*outer, key] if outer else []
    return []


def _text(item: ast.expr | None) -> str | None:
    return item.value if isinstance(item, ast.Constant) and isinstance(item.value, str) else None


def _plain(value: ast.expr) -> str | None:
    """Return the text of a plain value; None for what mock would have to work out, as its templates."""
    try:
        found = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    return None if "{{" in str(found) or "{%" in str(found) else str(found)

"""Reading kojid.conf, the environment and the command line into one Settings."""

from __future__ import annotations

import configparser
import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from koji_adjutant.config import adjutant, kojid
from koji_adjutant.config.adjutant import RETIRED, AdjutantOptions
from koji_adjutant.config.build_mounts_check import check_build_mounts
from koji_adjutant.config.kojid import KojidOptions
from koji_adjutant.errors import ConfigError

ENVIRONMENT_PREFIX = "KOJI_ADJUTANT_"
RESERVED_VARIABLES = frozenset({"CONFIG", "DEV"})
"""Names with our prefix that are no option: DEV is where a development checkout keeps its state, CONFIG the
file of a stock kojid's plugin."""

DEFAULT_CERTIFICATES = {"cert": "/etc/kojid/client.crt", "serverca": "/etc/kojid/serverca.crt"}
"""Taken where the option is not set and the file exists."""


@dataclass(frozen=True)
class Settings:
    """Both sections; ``kojid.adjutant`` is the same object as ``adjutant``."""

    kojid: KojidOptions
    adjutant: AdjutantOptions


def load(
    path: str | Path, environ: Mapping[str, str] = os.environ, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Read ``path`` (absent: only defaults), then KOJI_ADJUTANT_* of ``environ``, then ``overrides``.

    ``overrides`` are [kojid] options from the command line, already of their type; None means not given.
    A directory is read as all its ``*.conf`` files, as koji does. ConfigError for an unknown section or
    key, a value of the wrong kind, or a required option that is missing (server, topurl).
    """
    parser = read_file(Path(path))
    _only_known(parser.sections(), ("kojid", "adjutant"), f"the section {{}} of {path}", "section")
    options = _adjutant(parser, path, environ)
    settings = _section(parser, path, "kojid", kojid.READERS, kojid.ALIASES, free_prefix="RLIMIT_")
    settings |= {name: value for name, value in (overrides or {}).items() if value is not None}
    known = {field.name for field in fields(KojidOptions)}
    namespace = KojidOptions(**{name: value for name, value in settings.items() if name in known})
    namespace.adjutant = options
    for name in settings.keys() - known:  # RLIMIT_*: koji.util.setup_rlimits looks for them in vars(options)
        setattr(namespace, name, settings[name])
    _complete(namespace, path)
    return Settings(namespace, options)


def load_adjutant(path: str | Path, environ: Mapping[str, str] = os.environ) -> AdjutantOptions:
    """Read only the section [adjutant] of a file that has no other, then KOJI_ADJUTANT_* of ``environ``."""
    parser = read_file(Path(path))
    _only_known(parser.sections(), ("adjutant",), f"the section {{}} of {path}", "section")
    return _adjutant(parser, path, environ)


def _adjutant(
    parser: configparser.RawConfigParser, path: str | Path, environ: Mapping[str, str]
) -> AdjutantOptions:
    options = AdjutantOptions(
        **_section(parser, path, "adjutant", adjutant.READERS) | _environment(environ, adjutant.READERS)
    )
    bind = options.monitoring_bind
    if options.monitoring_enabled and not bind.is_loopback and not options.monitoring_token:
        raise ConfigError(
            f"Others than this host can reach monitoring_bind = {bind}: set monitoring_token in section"
            f" [adjutant] of {path}, too, or bind it to 127.0.0.1."
        )
    return options


def read_file(path: Path) -> configparser.RawConfigParser:
    """Read a file, or all `*.conf` files of a directory; nothing if there is none. Raises ConfigError."""
    parser = configparser.RawConfigParser()
    files = sorted(path.glob("*.conf")) if path.is_dir() else [path]
    try:
        parser.read([file for file in files if file.exists()], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError) as problem:
        raise ConfigError(f"The configuration file {path} cannot be read: {problem}") from problem
    return parser


def _section(
    parser: configparser.RawConfigParser,
    path: str | Path,
    section: str,
    readers: Mapping[str, Callable[[str], Any]],
    aliases: Mapping[str, str] | None = None,
    free_prefix: str | None = None,
) -> dict[str, Any]:
    if not parser.has_section(section):
        return {}
    found: dict[str, Any] = {}
    for key, text in parser.items(section):
        if free_prefix and key.upper().startswith(free_prefix):
            found[key.upper()] = text
            continue
        name = (aliases or {}).get(key, key)
        _only_known([name], readers, f"the option {{}} in section [{section}] of {path}", "option")
        found[name] = _value(readers[name], text, f"The option {key} in section [{section}] of {path}")
    return found


def _environment(environ: Mapping[str, str], readers: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    found = {}
    for variable, text in environ.items():
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        key = variable.removeprefix(ENVIRONMENT_PREFIX)
        if key in RESERVED_VARIABLES:
            continue
        variables = [ENVIRONMENT_PREFIX + name.upper() for name in readers]
        _only_known([variable], variables, "the environment variable {}", "variable")
        found[key.lower()] = _value(readers[key.lower()], text, f"The environment variable {variable}")
    return found


def _value(reader: Callable[[str], Any], text: str, where: str) -> Any:
    if "\0" in text:
        raise ConfigError(f"{where} has a NUL character in it.")
    try:
        return reader(text)
    except ValueError as problem:
        raise ConfigError(f"{where} {problem}, not {text!r}.") from None


def _only_known(names: Iterable[str], known: Iterable[str], where: str, kind: str) -> None:
    """Raise ConfigError for a name that is not known; ``where`` has a place for the offending one."""
    known = list(known)
    for name in names:
        if name in known:
            continue
        if retired := RETIRED.get(name.removeprefix(ENVIRONMENT_PREFIX).lower()):
            hint = f"remove it: {retired}."
        elif nearest := difflib.get_close_matches(name, known, n=1, cutoff=0.4):
            hint = f"did you mean {nearest[0]}?"
        else:
            hint = f"known is: {', '.join(known)}."
        raise ConfigError(f"Unknown {kind}: {where.format(repr(name))}; {hint}")


def _complete(options: KojidOptions, path: str | Path) -> None:
    """Do what kojid does after reading: required options, topurls, certificates in their usual place."""
    for name in ("server", "topurl"):
        if not (getattr(options, name) or "").strip():
            raise ConfigError(f"The {name} option is required: set it in section [kojid] of {path}.")
    check_build_mounts(options.adjutant, options)
    options.topurls = (options.topurl or "").split()
    for name, urls in (("server", [options.server]), ("topurl", options.topurls)):
        for url in urls:
            _check_url(url, f"The {name} option in section [kojid] of {path}")
    options.topurl = options.topurls[0]
    for name, usual in DEFAULT_CERTIFICATES.items():
        if getattr(options, name) is None and Path(usual).exists():
            setattr(options, name, usual)


def _check_url(url: str | None, where: str) -> None:
    try:
        urlsplit(url or "")
    except ValueError:  # it may quote a password
        raise ConfigError(f"{where} is no URL: its host is malformed.") from None

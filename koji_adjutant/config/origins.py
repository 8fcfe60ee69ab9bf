"""Where each option's value comes from, and how it would be written in kojid.conf."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from koji_adjutant.config import adjutant, kojid
from koji_adjutant.config.host_access import BuildDevice, BuildMount
from koji_adjutant.config.loading import ENVIRONMENT_PREFIX, load, read_file
from koji_adjutant.config.values import Lines
from koji_adjutant.container.interface import EngineTimeouts, VolumeMount
from koji_adjutant.text import without_passwords

DEFAULT = "default"
MASK = "********"
_SECRET = re.compile(r"(?:^|_)(?:password|pass|token|secret)$")


@dataclass(frozen=True)
class Option:
    """``text``: the value as kojid.conf has it, secrets masked; ``origin``: a file, a variable or default."""

    section: Literal["kojid", "adjutant"]
    name: str
    text: str
    origin: str


def effective_options(path: Path, environ: Mapping[str, str] = os.environ) -> Iterator[Option]:
    """Yield every option as a worker with this file would have it, in the order of the code.

    Raises ConfigError.
    """
    settings = load(path, environ)
    parser = read_file(path)
    files = {
        section: {kojid.ALIASES.get(key, key) for key in parser[section]} if section in parser else set()
        for section in ("kojid", "adjutant")
    }
    for field in fields(kojid.FileOptions):
        value = settings.kojid.topurls if field.name == "topurl" else getattr(settings.kojid, field.name)
        if field.name in files["kojid"]:
            origin = str(path)
        else:
            origin = DEFAULT if value in (field.default, []) else f"{DEFAULT}, since it exists"
        yield Option("kojid", field.name, _text(field.name, value), origin)
    for name in sorted(vars(settings.kojid)):
        if name.startswith("RLIMIT_"):
            yield Option("kojid", name, getattr(settings.kojid, name), str(path))
    for name in adjutant.READERS:
        variable = ENVIRONMENT_PREFIX + name.upper()
        origin = variable if variable in environ else str(path) if name in files["adjutant"] else DEFAULT
        yield Option("adjutant", name, _text(name, getattr(settings.adjutant, name)), origin)


def _text(name: str, value: Any) -> str:
    text = as_text(value)
    if text and _SECRET.search(name):
        return MASK
    return without_passwords(text, MASK)


def as_text(value: Any) -> str:
    """Return a value in the spelling that its reader takes."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case EngineTimeouts():
            return ",".join(f"{one.name}={getattr(value, one.name):g}" for one in fields(value))
        case VolumeMount():
            parts = [str(value.source), str(value.target), "ro" if value.read_only else "rw"]
            return ":".join([*parts, value.selinux_label] if value.selinux_label else parts)
        case Lines():
            return str(value)
        case (BuildMount() | BuildDevice(), *_):
            return "\n".join(f"{as_text(item.what)}{item.circle}" for item in value)
        case Mapping():
            return ",".join(f"{key}={item}" for key, item in value.items())
        case list() | tuple() if type(value) in (list, tuple):
            return " ".join(as_text(item) for item in value)
        case _:
            return str(value)

"""Dependencies found in the files, as by rpm's own generators, but in one run for a whole package."""

from __future__ import annotations

import re
from pathlib import Path

from tests.distribution import perl
from tests.distribution.payload import Payload
from tests.distribution.run import run

_PC_VERSION = re.compile(r"^Version:\s*(\S+)", re.MULTILINE)
_INTERPRETERS = {
    "/bin/sh": "/bin/sh",
    "/usr/bin/sh": "/bin/sh",
    "/bin/bash": "/bin/bash",
    "/usr/bin/bash": "/bin/bash",
    "/usr/bin/perl": "perl-base",
}


def provides(payload: Payload, rpm_config: Path) -> list[str]:
    """Sonames, Perl modules and pkg-config modules; ``rpm_config`` is rpm's %_rpmconfigdir."""
    libraries, texts, found = [], [], []
    for name in sorted(payload.entries):
        path = payload.path(name)
        if path.is_symlink() or not path.is_file():
            continue
        if ".so" in path.name and _starts_with(path, b"\x7fELF"):
            libraries.append(f"{path}\n")
        elif path.suffix == ".pm":
            texts.append(path.read_text("utf-8", "replace"))
        elif path.suffix == ".pc":
            found.append(_pkgconfig(path))
    if libraries:
        found += run([rpm_config / "elfdeps", "--provides"], stdin="".join(libraries)).splitlines()
    return sorted({*found, *perl.modules(texts)})


def requires(payload: Payload) -> list[str]:
    """Interpreters of the package's scripts: Debian leaves those of essential packages out of Depends."""
    found = set()
    for name in payload.entries:
        path = payload.path(name)
        if path.is_symlink() or not path.is_file() or not path.stat().st_mode & 0o111:
            continue
        with path.open("rb") as stream:
            line = stream.readline(128)
        if line.startswith(b"#!"):
            words = line[2:].split()
            found.add(_INTERPRETERS.get(words[0].decode("utf-8", "replace") if words else "", ""))
    return sorted(found - {""})


def _starts_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic


def _pkgconfig(path: Path) -> str:
    match = _PC_VERSION.search(path.read_text("utf-8", "replace"))
    literal = match is not None and "$" not in match[1]
    return f"pkgconfig({path.stem})" + (f" = {match[1]}" if match is not None and literal else "")

"""What one RPM is, before its files are there: the description that becomes a spec file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tests.distribution.debian import Version

# Build times of packages with no .deb behind them: the day Debian 12 came out.
EPOCH = 1686355200


@dataclass(frozen=True)
class Recipe:
    """One RPM.  ``deb_sha256`` is empty for the packages written here; ``built`` is in seconds since 1970."""

    name: str
    version: Version
    arch: str
    summary: str
    license: str = "Various, see /usr/share/doc"
    url: str = ""
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    scriptlets: str = ""
    deb: str = ""
    deb_sha256: str = ""
    built: int = EPOCH

    @property
    def release(self) -> str:
        return self.version.release or "0"

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version.version}-{self.release}.{self.arch}.rpm"

    def key(self, generator: str) -> str:
        """What the RPM is made from, as a hash; ``generator`` stands for the programs that make it."""
        return hashlib.sha256(f"{generator}\n{self!r}".encode()).hexdigest()


def spec(recipe: Recipe, provides: Sequence[str], requires: Sequence[str], files: Sequence[str]) -> str:
    """The spec file; ``provides`` and ``requires`` are those found in the files, ``files`` is %files."""
    lines = [
        f"Name: {recipe.name}",
        *([f"Epoch: {recipe.version.epoch}"] if recipe.version.epoch else []),
        f"Version: {recipe.version.version}",
        f"Release: {recipe.release}",
        f"Summary: {_text(recipe.summary)}",
        f"License: {recipe.license}",
        *([f"URL: {_text(recipe.url)}"] if recipe.url else []),
        *(["BuildArch: noarch"] if recipe.arch == "noarch" else []),
        "AutoReqProv: no",
        *(f"Provides: {_text(item)}" for item in sorted({*recipe.provides, *provides})),
        *(f"Requires: {_text(item)}" for item in sorted({*recipe.requires, *requires})),
        # First in every transaction: it owns the links that make /lib and /usr/lib one.
        *([] if recipe.name == "filesystem" else ["Requires(pre): filesystem"]),
        "%description",
        _text(recipe.summary),
        recipe.scriptlets,
        "%files",
        "%defattr(-,root,root,-)",
        *files,
    ]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """Free text that rpm must not expand."""
    return value.replace("%", "%%")

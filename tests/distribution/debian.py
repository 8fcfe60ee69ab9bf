"""Debian's control data: paragraphs, dependency fields, versions (Debian Policy, chapters 5 and 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# dpkg's architecture names and RPM's.
RPM_ARCH = {
    "all": "noarch",
    "amd64": "x86_64",
    "arm64": "aarch64",
    "armhf": "armv7hl",
    "i386": "i686",
    "ppc64el": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}

_RELATION = re.compile(
    r"^\s*(?P<name>[a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?"
    r"(?:\s*\(\s*(?P<operator><<|<=|=|>=|>>)\s*(?P<version>[^\s)]+)\s*\))?"
)
# A version without a release is not the same to both: to dpkg 2.36-9 is newer than 2.36, to rpm they match.
# Upper bounds are dropped: the set has one version of each package, and apt has checked them.
_OPERATOR = {"=": "=", ">=": ">=", ">>": ">="}


@dataclass(frozen=True)
class Version:
    """A Debian version in RPM's three parts; ``text``, for dependencies, is ``[epoch:]version[-release]``."""

    epoch: int
    version: str
    release: str

    @property
    def text(self) -> str:
        prefix = f"{self.epoch}:" if self.epoch else ""
        return f"{prefix}{self.version}" + (f"-{self.release}" if self.release else "")

    @classmethod
    def parse(cls, text: str) -> Version:
        """``1:2.3-4`` -> (1, "2.3", "4").  RPM forbids '-' inside a part: an inner one becomes '.'."""
        epoch, colon, rest = text.rpartition(":")
        version, _, release = rest.rpartition("-") if "-" in rest else (rest, "", "")
        return cls(int(epoch) if colon else 0, version.replace("-", "."), release)


@dataclass(frozen=True)
class Relation:
    """One name of a dependency field; ``operator`` is RPM's, empty when there is no version to require."""

    name: str
    operator: str = ""
    version: Version | None = None

    @property
    def text(self) -> str:
        return f"{self.name} {self.operator} {self.version.text}" if self.version else self.name


@dataclass(frozen=True)
class Package:
    """What apt knows about one binary package."""

    name: str
    version: Version
    debian_version: str
    architecture: str
    sha256: str
    size: int
    summary: str
    homepage: str
    depends: tuple[tuple[Relation, ...], ...]  # all of these, each from any of the alternatives
    provides: tuple[Relation, ...]

    @property
    def rpm_arch(self) -> str:
        return RPM_ARCH[self.architecture]

    @property
    def deb_name(self) -> str:
        """The file name apt uses in its caches."""
        return f"{self.name}_{self.debian_version.replace(':', '%3a')}_{self.architecture}.deb"


def paragraphs(text: str) -> Iterator[dict[str, str]]:
    """The paragraphs of a control file; continuation lines stay in their field, separated by newlines."""
    for block in re.split(r"\n\s*\n", text.strip()):
        fields: dict[str, str] = {}
        last = ""
        for line in block.splitlines():
            if line[:1] in " \t":
                fields[last] += "\n" + line.strip()
            else:
                last, _, value = line.partition(":")
                fields[last] = value.strip()
        if fields:
            yield fields


def relations(field: str) -> tuple[tuple[Relation, ...], ...]:
    """A Depends-like field as a conjunction of alternatives."""
    return tuple(
        tuple(_relation(one) for one in clause.split("|")) for clause in field.split(",") if clause.strip()
    )


def package(fields: Mapping[str, str]) -> Package:
    """A package from a paragraph of apt's; KeyError when a mandatory field is missing."""
    depends = relations(fields.get("Pre-Depends", "")) + relations(fields.get("Depends", ""))
    return Package(
        name=fields["Package"],
        version=Version.parse(fields["Version"]),
        debian_version=fields["Version"],
        architecture=fields["Architecture"],
        sha256=fields["SHA256"],
        size=int(fields["Size"]),
        summary=fields.get("Description", fields.get("Description-en", "")).partition("\n")[0],
        homepage=fields.get("Homepage", ""),
        depends=depends,
        provides=tuple(alternatives[0] for alternatives in relations(fields.get("Provides", ""))),
    )


def _relation(text: str) -> Relation:
    match = _RELATION.match(text)
    if match is None:
        raise ValueError(f"cannot read the Debian dependency {text!r}")
    operator = _OPERATOR.get(match["operator"] or "")
    if operator is None:
        return Relation(match["name"])
    return Relation(match["name"], operator, Version.parse(match["version"]))

"""The modules that Perl files bring, as ``perl(NAME) = VERSION``; rpm since 4.20 does not find them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

_DOCUMENTATION = re.compile(r"^=[a-z]\w*.*?(?:^=cut\b.*?$|\Z)", re.MULTILINE | re.DOTALL)
_END = re.compile(r"^__(?:END|DATA)__$", re.MULTILINE)
_HEREDOC = re.compile(r"""<<\s*(["'])(?P<end>\w+)\1\s*;\s*$""")
_PACKAGE = re.compile(r"\s*package\s+(?P<name>[\w:]+)\s*(?:v?(?P<version>\d[\d._]*)\s*)?[;{]", re.ASCII)
_VERSION = re.compile(
    r"""\s*(?:our\s+)?\$(?:(?P<name>[\w:]+)::)?VERSION\s*=.*?["'\s=](?P<version>\d[\d._]*\d)""", re.ASCII
)


def modules(texts: Iterable[str]) -> list[str]:
    """What the files with these ``texts`` provide, sorted."""
    found: dict[str, str] = {}
    for text in texts:
        found.update(_declared(text, found))
    return sorted(
        f"perl({name}) = {version}" if version else f"perl({name})" for name, version in found.items()
    )


def _declared(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """Module -> version, empty where the file says none; a package may be opened again in another file."""
    found: dict[str, str] = {}
    package = ""
    for line in _code(text):
        declaration = _PACKAGE.match(line)
        if declaration:
            package = declaration["name"]
            before = found.get(package) or known.get(package, "")
            if package != "main":
                found[package] = before or declaration["version"] or ""
        assignment = _VERSION.match(line)
        if assignment and (assignment["name"] or package) == package and package in found:
            found[package] = assignment["version"]
    return found


def _code(text: str) -> Iterator[str]:
    """The lines that perl runs: no documentation, no quoted documents, nothing after the end."""
    until = ""
    for line in _END.split(_DOCUMENTATION.sub("", text), maxsplit=1)[0].splitlines():
        if until:
            until = "" if line.rstrip() == until else until
            continue
        quoted = _HEREDOC.search(line)
        until = quoted["end"] if quoted else ""
        yield line

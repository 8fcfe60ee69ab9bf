"""The host's own Debian sources: those that Debian signs, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from koji_adjutant.errors import ImageError

KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)
"""The second is the name since Debian 13."""

ONE_LINE = re.compile(
    r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)"
)


@dataclass(frozen=True, order=True)
class Source:
    """One line of a sources.list: an archive, one of its suites, and components."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""

    def line(self, keyring: str) -> str:
        return f"deb [signed-by={keyring}] {self.uri} {self.suite} {' '.join(self.components)}"


def debian_sources(apt: Path, codename: str) -> list[Source]:
    """The sources below /etc/apt for this release, its updates and its security updates, sorted.

    Third-party sources are left out: what has a key of its own, and what says no key and is not on a host
    of debian.org. ImageError if nothing remains.
    """
    suites = {codename, f"{codename}-updates", f"{codename}-security"}
    found = {source for source in _all(apt) if source.suite in suites and _is_debians(source)}
    if not any(source.suite == codename for source in found):
        raise ImageError(
            f"{apt} names no archive of Debian {codename} signed by Debian's keyring, to make the tool image "
            f"from: add `deb http://deb.debian.org/debian {codename} main` to {apt / 'sources.list'}"
        )
    return sorted(found)


def _is_debians(source: Source) -> bool:
    if source.signed_by:
        return source.signed_by in KEYRINGS
    host = urlsplit(source.uri).hostname or ""
    return host == "debian.org" or host.endswith(".debian.org")


def _all(apt: Path) -> Iterator[Source]:
    for path in [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]:
        if path.exists():
            yield from _one_line_style(path.read_text().splitlines())
    for path in sorted(apt.glob("sources.list.d/*.sources")):
        for stanza in _stanzas(path.read_text()):
            yield from _deb822_style(stanza)


def _one_line_style(lines: Iterable[str]) -> Iterator[Source]:
    for line in lines:
        match = ONE_LINE.fullmatch(line.partition("#")[0].strip())
        if match:
            options = dict(option.partition("=")[::2] for option in (match["options"] or "").split())
            components = tuple(match["components"].split())
            yield Source(match["uri"], match["suite"], components, options.get("signed-by", ""))


def _deb822_style(stanza: Mapping[str, str]) -> Iterator[Source]:
    if "deb" not in stanza.get("types", "").split() or stanza.get("enabled", "yes") == "no":
        return
    components: Sequence[str] = stanza.get("components", "").split()
    for uri in stanza.get("uris", "").split():
        for suite in stanza.get("suites", "").split():
            if components:
                yield Source(uri, suite, tuple(components), stanza.get("signed-by", ""))


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """deb822: paragraphs of ``Field: value``, values continued on indented lines, ``#`` comments."""
    for paragraph in re.split(r"\n\s*\n", text):
        stanza: dict[str, str] = {}
        field = ""
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace() and field:
                stanza[field] += " " + line.strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                field = name.strip().lower()
                stanza[field] = value.strip()
        if stanza:
            yield stanza

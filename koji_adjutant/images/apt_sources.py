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
class AptSource:
    """One line of a sources.list: an archive, one of its suites, and components."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""

    def line(self, keyring: str) -> str:
        """Return it as it stands in a sources.list, signed by ``keyring``."""
        return f"deb [signed-by={keyring}] {self.uri} {self.suite} {' '.join(self.components)}"


def host_suite(apt: Path, release: Mapping[str, str]) -> str:
    """Return what the host's sources below /etc/apt call its release, given by the fields of os-release.

    A release that is not out has no number, and sid says the codename of testing; a host with both is one of
    testing that takes some packages from sid. Raises ImageError where no archive has the release.
    """
    codename = release["VERSION_CODENAME"]
    names = [codename] if "VERSION_ID" in release else [codename, "testing", "sid", "unstable"]
    present = {source.suite for source in _all(apt) if _is_debians(source)}
    suite = next((name for name in names if name in present), None)
    if suite is None:
        raise ImageError(
            f"{apt} names no archive of Debian {names[0]} signed by Debian's keyring, to make the tool image "
            f"from: add `deb http://deb.debian.org/debian {names[0]} main` to {apt / 'sources.list'}"
        )
    return suite


def debian_sources(apt: Path, suite: str) -> list[AptSource]:
    """Return the sources below /etc/apt for this suite, its updates and its security updates, sorted.

    Third-party sources are left out: what has a key of its own, and what says no key and is not on a host of
    debian.org.
    """
    suites = {suite, f"{suite}-updates", f"{suite}-security"}
    return sorted({source for source in _all(apt) if source.suite in suites and _is_debians(source)})


def _is_debians(source: AptSource) -> bool:
    if source.signed_by:
        return source.signed_by in KEYRINGS
    host = urlsplit(source.uri).hostname or ""
    return host == "debian.org" or host.endswith(".debian.org")


def _all(apt: Path) -> Iterator[AptSource]:
    for path in [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]:
        if path.exists():
            yield from _one_line_style(path.read_text().splitlines())
    for path in sorted(apt.glob("sources.list.d/*.sources")):
        for stanza in _stanzas(path.read_text()):
            yield from _deb822_style(stanza)


def _one_line_style(lines: Iterable[str]) -> Iterator[AptSource]:
    for line in lines:
        match = ONE_LINE.fullmatch(line.partition("#")[0].strip())
        if match:
            options = dict(option.partition("=")[::2] for option in (match["options"] or "").split())
            components = tuple(match["components"].split())
            yield AptSource(match["uri"], match["suite"], components, options.get("signed-by", ""))


def _deb822_style(stanza: Mapping[str, str]) -> Iterator[AptSource]:
    if "deb" not in stanza.get("types", "").split() or stanza.get("enabled", "yes") == "no":
        return
    components: Sequence[str] = stanza.get("components", "").split()
    for uri in stanza.get("uris", "").split():
        for suite in stanza.get("suites", "").split():
            if components:
                yield AptSource(uri, suite, tuple(components), stanza.get("signed-by", ""))


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """Yield the paragraphs of a deb822 file, each as a dictionary by lower-case field.

    They are lines ``Field: value``, with values continued on indented lines and ``#`` comments.
    """
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

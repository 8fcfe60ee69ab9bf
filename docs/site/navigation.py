"""The navigation of the site: the lists of links that people read on a forge, said once more for Sphinx."""

from __future__ import annotations

import posixpath
import re

START = "docs/README"
DECISIONS = "docs/adr/README"

_HEADING = re.compile(r"^## (.+)$")
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#]+)\.md\)")


def navigation(page: str, text: str) -> str:
    """Return what a page gets for the site beyond its text: directives for Sphinx, or nothing.

    Those of the start page have a heading of it as caption each, and the links of the list below it.
    """
    if page == DECISIONS:
        return _toctree([":glob:"], ["[0-9]*"])
    if page != START:
        return ""
    return "".join(_toctree([f":caption: {caption}"], links) for caption, links in _lists(text).items())


def _lists(text: str) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    heading = ""
    for line in text.splitlines():
        if match := _HEADING.match(line):
            heading = match[1]
        elif match := _ENTRY.match(line):
            target = "/" + posixpath.normpath(posixpath.join(posixpath.dirname(START), match[2]))
            lists.setdefault(heading, []).append(f"{match[1]} <{target}>")
    return lists


def _toctree(options: list[str], entries: list[str]) -> str:
    return "\n".join(["\n\n```{toctree}", ":hidden:", *options, "", *entries, "```"])

"""What a page of the site would load from another host."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}
_IN_CSS = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


def foreign_addresses(text: str) -> list[str]:
    """Return the addresses on other hosts that a page or a style sheet makes a browser load: no links."""
    collector = _Loaded()
    collector.feed(text)
    return [*collector.found, *_IN_CSS.findall(text)]


class _Loaded(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if _LOADED.get(tag) == name and value and re.match(r"(?:https?:)?//", value):
                self.found.append(value)

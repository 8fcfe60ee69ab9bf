"""How the pages become a site; ``make docs`` builds it.

The sources are the project's own directory, so that links between README, docs and code are the same here
as on a forge.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

from foreign import foreign_addresses
from navigation import navigation

project = "Koji-Adjutant"
author = "The Koji-Adjutant developers"
html_title = project
extensions = ["myst_parser"]

root_doc = "docs/README"
include_patterns = [
    "*.md",
    "docs/**.md",
    "findings/README.md",
    "tests/**packages/README.md",
    "contrib/selinux/README.md",
    "packaging/README.md",
]
exclude_patterns = ["CHANGELOG.md"]

nitpicky = True
myst_heading_anchors = 4
myst_links_external_new_tab = False
# ini and console samples hold placeholders that no lexer of theirs knows
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_extra_path = ["index.html"]
html_copy_source = False
html_show_sourcelink = False


def setup(app: Sphinx) -> None:
    app.connect("source-read", _add_navigation)
    app.connect("build-finished", _load_nothing_from_elsewhere)


def _add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    source[0] += navigation(page, source[0])


def _load_nothing_from_elsewhere(app: Sphinx, problem: Exception | None) -> None:
    if problem is not None:
        return
    for file in sorted(Path(app.outdir).rglob("*")):
        if file.suffix in (".html", ".css"):
            for address in foreign_addresses(file.read_text()):
                sys.exit(f"{file} loads {address}: nothing of the site may be on another host")

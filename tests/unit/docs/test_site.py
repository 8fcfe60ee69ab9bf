"""The site has all pages, and would load nothing from elsewhere; make docs holds the links."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[3]
START = PROJECT / "docs" / "README.md"


def of_site(name: str) -> ModuleType:
    """A module of docs/site, which is no package: Sphinx runs it."""
    found = importlib.util.spec_from_file_location(name, PROJECT / "docs" / "site" / f"{name}.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_every_page_is_in_the_navigation() -> None:
    listed = {
        (START.parent / link).resolve()
        for link in re.findall(r"^- \[.*?\]\(([^)]+)\)", START.read_text(), re.MULTILINE)
    }
    pages = {*START.parent.glob("*.md"), *START.parent.glob("reference/*.md")} - {START}
    assert {page for page in pages if page not in listed} == set()


def test_the_navigation_is_the_list() -> None:
    text = (
        "## Begin\n\n- [Quick start](../README.md): it\n- [Install](install.md)\n\n"
        "## More\n\n- [Calls](reference/hub-calls.md)\n"
    )
    made = of_site("navigation").navigation("docs/README", text)
    assert ":caption: Begin\n\nQuick start </README>\nInstall </docs/install>\n```" in made
    assert ":caption: More\n\nCalls </docs/reference/hub-calls>\n```" in made


def test_other_pages_are_left_as_they_are() -> None:
    assert of_site("navigation").navigation("docs/install", "- [Quick start](../README.md)") == ""


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.com/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example.com/x.css">',
        '<img alt="" src="http://cdn.example.com/x.png">',
        "a { background: url('https://cdn.example.com/x.png') }",
        '@import "https://cdn.example.com/x.css";',
    ],
)
def test_what_comes_from_elsewhere_is_found(text: str) -> None:
    assert len(of_site("foreign").foreign_addresses(text)) == 1


def test_links_and_own_files_are_no_such_thing() -> None:
    text = '<a href="https://koji.build/">Koji</a><script src="_static/x.js"></script><img src="x.png">'
    assert of_site("foreign").foreign_addresses(text) == []


def test_decisions_are_numbered_and_listed() -> None:
    folder = PROJECT / "docs" / "adr"
    listed = (folder / "README.md").read_text()
    assert [page.name for page in folder.glob("0*.md") if f"]({page.name})" not in listed] == []

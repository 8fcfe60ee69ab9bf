"""Every command of ours that a page names would be understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.docs.command_lines import in_blocks, in_sentences, problem, words

PROJECT = Path(__file__).parents[3]
PAGES = sorted(
    str(page.relative_to(PROJECT)) for page in (*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"))
)


@pytest.mark.parametrize("page", PAGES)
def test_commands_of(page: str) -> None:
    text = (PROJECT / page).read_text()
    refused = {line: problem(line, whole=True) for line in in_blocks(text)}
    refused |= {line: problem(line, whole=False) for line in in_sentences(text)}
    assert {line: why for line, why in refused.items() if why} == {}


def test_there_are_some() -> None:
    books = (PROJECT / "docs" / "playbooks.md").read_text()
    assert "koji-adjutant cache prune --all" in list(in_blocks(books)), "in a list"
    guide = (PROJECT / "docs" / "operator-guide.md").read_text()
    assert len(list(in_blocks(guide))) > 5
    assert len(list(in_sentences(guide))) > 10


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("koji-adjutant mend", "No such command 'mend'"),
        ("koji-adjutant cache mend", "No such command 'mend'"),
        ("koji-adjutant gc --wet-run", "No such option"),
        ("koji-adjutant gc everything", "Unexpected: everything"),
        ("koji-adjutant compare", "compare needs"),
        ("koji-adjutant replay 4711 --step last", "'last' is not one of"),
        ("koji-adjutant cache", "cache needs a command"),
        ("kojid --slowly", "--slowly"),
    ],
)
def test_what_is_refused(line: str, why: str) -> None:
    assert why in (problem(line, whole=True) or "")


def test_what_is_read() -> None:
    text = (
        "```console\n# cat list | koji-adjutant gc \\\n    -n  # says what\n$ true\n```\n"
        "See `koji-adjutant …`, `koji-adjutant top`.\n"
    )
    assert [words(line) for line in in_blocks(text)] == [["koji-adjutant", "gc", "-n"]]
    assert list(in_sentences(text)) == ["koji-adjutant top"]

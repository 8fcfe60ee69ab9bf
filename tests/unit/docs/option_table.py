"""The table of [adjutant]'s options in docs/reference.md, made from the code.

``python -m tests.unit.docs.option_table`` writes it there.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from koji_adjutant.config import AdjutantOptions

PAGE = Path(__file__).parents[3] / "docs" / "reference.md"
HEAD = "| option | default | meaning |\n| --- | --- | --- |\n"


def option_table() -> str:
    return HEAD + "".join(
        f"| `{option.name}` | {_code(option.metadata['default'])}| {option.metadata['meaning']} |\n"
        for option in fields(AdjutantOptions)
    )


def _code(text: str) -> str:
    return f"`{text}` " if text else ""


if __name__ == "__main__":
    there = re.compile(re.escape(HEAD) + r"(?:\|.*\n)*")
    PAGE.write_text(there.sub(lambda _: option_table(), PAGE.read_text()))

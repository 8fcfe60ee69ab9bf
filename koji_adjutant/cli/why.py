"""Showing on a terminal why something failed."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from koji_adjutant.builds.explanation import explain


def show_why(console: Console, logs: Path, error: Exception) -> None:
    """Say why it failed, with the lines of the log that show it; ``logs`` is the directory of the logs.

    The error has its ``explanation`` afterwards, and is not explained once more.
    """
    if hasattr(error, "explanation"):
        return
    explanation = explain(error, logs)
    error.explanation = explanation  # type: ignore[attr-defined]
    if explanation.log:
        console.print(f"\n[bold]{logs / explanation.log}[/bold]", highlight=False)
        for line in explanation.excerpt:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    why = f"\nWhy ({explanation.failure}): {explanation.sentence}\n"
    console.print(why, markup=False, highlight=False, soft_wrap=True)

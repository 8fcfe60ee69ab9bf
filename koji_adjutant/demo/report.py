"""What the demo shows: each step as it happens, and a table at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from koji_adjutant.demo.errors import DemoError


@dataclass
class Report:
    """Steps with their seconds, in order; ``facts`` are the lines below the table."""

    console: Console
    steps: list[tuple[str, float]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step, time it, and say which one it was if it fails."""
        self.console.print(f"[bold cyan]▸[/] [bold]{escape(title)}[/]")
        started = time.monotonic()
        try:
            yield
        except DemoError as error:
            self.console.print(f"[bold red]✗ {escape(title)}:[/] {escape(str(error))}")
            for line in error.tail():
                self.console.print(f"    [dim]{escape(line)}[/]")
            if error.log is not None:
                self.console.print(f"  Look in {escape(str(error.log))}")
            raise
        seconds = time.monotonic() - started
        self.steps.append((title, seconds))
        self.console.print(f"[green]✓[/] [dim]{seconds:.1f} s[/]")

    def command(self, command: Sequence[str]) -> None:
        """Show a command line that is about to run."""
        self.console.print(f"  [yellow]$ {escape(' '.join(command))}[/]")

    def output(self, line: str) -> None:
        """Show a line of a command's output."""
        self.console.print(f"    [dim]{escape(line.rstrip())}[/]", soft_wrap=True)

    def fact(self, name: str, value: object) -> None:
        self.facts.append((name, str(value)))

    def table(self) -> Table:
        table = Table(title="From git to tagged RPMs", title_style="bold", title_justify="left")
        table.add_column("step")
        table.add_column("seconds", justify="right")
        for title, seconds in self.steps:
            table.add_row(escape(title), f"{seconds:.1f}")
        table.add_section()
        table.add_row("all", f"{sum(seconds for _, seconds in self.steps):.1f}", style="bold")
        return table

    def print_summary(self) -> None:
        self.console.print()
        self.console.print(self.table())
        for name, value in self.facts:
            self.console.print(f"[bold]{escape(name)}[/]: {escape(value)}", soft_wrap=True)

"""The ``koji-adjutant`` command: one file per subcommand, loaded when it is used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from koji_adjutant import __version__
from koji_adjutant.buildroot.status import without_mock
from koji_adjutant.errors import AdjutantError, FailureClass, SpecError, full_disk_said

COMMANDS = (
    "build",
    "cache",
    "check",
    "compare",
    "config",
    "demo",
    "devhub",
    "gc",
    "image",
    "kojid",
    "logs",
    "policy",
    "replay",
    "shell",
    "status",
    "top",
    "verify-provenance",
)
"""Each is ``koji_adjutant/cli/<name>.py``, - written _, with a click command called ``command``."""


class LazyGroup(click.Group):
    """Imports a subcommand only when it is asked for, so that ``--help`` and the worker stay light."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"koji_adjutant.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="koji-adjutant")
def cli() -> None:
    """A build worker for Koji that runs every task in an ephemeral container."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. An error of ours becomes one sentence and its own exit code."""
    try:
        with full_disk_said():
            cli.main(args=list(arguments) if arguments is not None else None, prog_name="koji-adjutant")
    except AdjutantError as error:
        click.echo(f"koji-adjutant: {without_mock(str(error))}", err=True)
        sys.exit(_exit_code(error))


def _exit_code(error: AdjutantError) -> int:
    """Return the error's own; a build may have failed by what only its log shows."""
    why = getattr(error, "explanation", None)
    shown = getattr(why, "failure", None)
    return SpecError.exit_code if shown is FailureClass.SPEC else error.exit_code

"""``koji-adjutant kojid``: the daemon under our own command."""

from __future__ import annotations

import click


@click.command(
    "kojid",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run the build daemon; takes the options of the stock kojid (see `kojid --help`)."""
    from koji_adjutant import kojid  # noqa: PLC0415  (heavy, and not needed for --help)

    kojid.main(arguments)

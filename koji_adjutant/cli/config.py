"""``koji-adjutant config``: the configuration that a worker would have, and where each value comes from."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import click

from koji_adjutant.cli.configuration import config_option, existing
from koji_adjutant.config.origins import DEFAULT, effective_options


@click.command("config")
@config_option
@click.option("--changed", is_flag=True, help="Leave out what is at its default.")
@click.option("--json", "as_json", is_flag=True, help="A list of {section, name, text, origin}.")
def command(config_file: Path, changed: bool, as_json: bool) -> None:
    """Show each option as a worker would have it.

    Beside it stands where the value comes from: kojid.conf, a variable KOJI_ADJUTANT_* of this
    environment, or the default. Passwords and tokens are masked. The options that a stock builder
    ignores, too, are listed: kojid.conf may have them.
    """
    options = list(effective_options(existing(config_file)))
    if changed:
        options = [option for option in options if option.origin != DEFAULT]
    if as_json:
        click.echo(json.dumps([asdict(option) for option in options], indent=2))
        return
    width = max((len(f"{option.name} = {option.text}") for option in options), default=0)
    for section, members in groupby(options, key=lambda option: option.section):
        click.echo(f"[{section}]")
        for option in members:
            text = option.text.replace("\n", "\n    ")  # as kojid.conf has it
            click.echo(f"{f'{option.name} = {text}':<{min(width, 60)}}  # {option.origin}")

"""The worker's configuration, for commands that look at a worker or work beside it."""

from __future__ import annotations

from pathlib import Path

import click

from koji_adjutant.config import Settings, load
from koji_adjutant.errors import ConfigError

config_option = click.option(
    "-c",
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    default=Path("/etc/kojid/kojid.conf"),
    show_default=True,
    help="The worker's configuration.",
)


def read_settings(config_file: Path) -> Settings:
    """What a worker with this file would use. ConfigError if it is missing or wrong."""
    return load(existing(config_file))


def existing(config_file: Path) -> Path:
    """ConfigError where a worker would go on with defaults: who asks for a file wants that file."""
    if not config_file.exists():
        raise ConfigError(f"There is no {config_file}: name the worker's configuration file with --config.")
    return config_file

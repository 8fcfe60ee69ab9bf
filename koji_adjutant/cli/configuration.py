"""The worker's configuration, for commands that look at a worker or work beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from koji_adjutant.config import AdjutantOptions, Settings, load
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

state_dir_option = click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="KOJI_ADJUTANT_STATE_DIR",
    help="Images and cached buildroots, instead of the worker's.",
)
podman_socket_option = click.option(
    "--podman-socket", envvar="KOJI_ADJUTANT_PODMAN_SOCKET", help="Instead of a private service."
)


def at_another_place(
    options: AdjutantOptions, state_dir: Path | None, podman_socket: str | None
) -> AdjutantOptions:
    """Return the options with what ``state_dir_option`` and ``podman_socket_option`` say, if they do."""
    return replace(
        options,
        state_dir=(state_dir or options.state_dir).absolute(),
        podman_socket=podman_socket or options.podman_socket,
    )


def read_settings(config_file: Path) -> Settings:
    """Return what a worker with this file would use. Raises ConfigError if it is missing or wrong."""
    return load(existing(config_file))


def existing(config_file: Path) -> Path:
    """Raise ConfigError where a worker would go on with defaults: whoever asks for a file wants that file."""
    if not config_file.exists():
        raise ConfigError(f"There is no {config_file}: name the worker's configuration file with --config.")
    return config_file

"""``koji-adjutant devhub``: an embedded Koji hub for trying things."""

from __future__ import annotations

from pathlib import Path

import click

from koji_adjutant.devhub.server import offline
from koji_adjutant.devhub.server.directory import READY_FILE
from koji_adjutant.devhub.server.serving import serve
from koji_adjutant.errors import UsageError


@click.group(invoke_without_command=True)
@click.option("--dir", "directory", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Where its database and files are; made at the first start.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8180, show_default=True, type=click.IntRange(0, 65535), help="0: any free port."
)
@click.option("--admin", default="kojiadmin:kojiadmin", show_default=True, metavar="USER:PASSWORD",
              help="The admin that the first start makes.")  # fmt: skip
@click.pass_context
def command(context: click.Context, directory: Path, host: str, port: int, admin: str) -> None:
    """Run an embedded Koji hub for trying and testing (not for production).

    Without a subcommand it serves the directory until it is stopped: XML-RPC at /kojihub, files at
    /kojifiles. The first start makes an admin, kojiadmin with the password kojiadmin unless --admin says
    otherwise. DIR/devhub.json holds its URLs while it runs.

    Users and builders are added with the stock client (koji add-user, koji add-host). That gives them no
    password; they get one with the subcommand set-password, or in one go with add-user and add-host.
    """
    context.obj = directory
    if context.invoked_subcommand is not None:
        return
    name, colon, password = admin.partition(":")
    if not (name and colon and password):
        raise UsageError("--admin must be USER:PASSWORD, for instance kojiadmin:kojiadmin")
    click.echo(f"devhub: serving {directory} (ready file {directory / READY_FILE}); Ctrl-C stops it")
    serve(directory, host, port, (name, password))


@command.command("set-password")
@click.argument("user")
@click.password_option("--password", envvar="DEVHUB_PASSWORD", help="Asked for if not given.")
@click.pass_obj
def set_password(directory: Path, user: str, password: str) -> None:
    """Give USER a password; also while devhub runs."""
    offline.set_password(directory, user, password)
    click.echo(f"{user} can log in now")


@command.command("add-user")
@click.argument("user")
@click.password_option("--password", envvar="DEVHUB_PASSWORD", help="Asked for if not given.")
@click.option("--permission", "permissions", multiple=True, help="Grant one; may be repeated.")
@click.pass_obj
def add_user(directory: Path, user: str, password: str, permissions: tuple[str, ...]) -> None:
    """Add USER with a password."""
    offline.add_user(directory, user, password, permissions)
    click.echo(f"added user {user}")


@command.command("add-host")
@click.argument("host")
@click.argument("arches", nargs=-1, required=True)
@click.password_option("--password", envvar="DEVHUB_PASSWORD", help="Asked for if not given.")
@click.option("--channel", "channels", multiple=True, help="Besides default; may be repeated.")
@click.pass_obj
def add_host(
    directory: Path, host: str, arches: tuple[str, ...], password: str, channels: tuple[str, ...]
) -> None:
    """Add the builder HOST with its ARCHES and a password."""
    offline.add_host(directory, host, arches, password, channels)
    click.echo(f"added host {host}")

"""``koji-adjutant image``: make and look at tool images."""

from __future__ import annotations

from pathlib import Path

import click

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.images.build import details, ensure_tool_image, tool_images
from koji_adjutant.images.recipe import DEFAULT_REFERENCE

_state_dir = click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("/var/lib/koji-adjutant"),
    show_default=True,
    envvar="KOJI_ADJUTANT_STATE_DIR",
    help="The worker's state directory; its private podman service holds the images.",
)
_socket = click.option(
    "--podman-socket",
    envvar="KOJI_ADJUTANT_PODMAN_SOCKET",
    help="Use this podman service (unix://, tcp://, ssh://) instead of the private one.",
)


@click.group()
def command() -> None:
    """Make and look at tool images, which have dnf, rpm, createrepo_c, git, svn, cvs and Cheetah."""


@command.command()
@_state_dir
@_socket
@click.option("--reference", default=DEFAULT_REFERENCE, show_default=True, help="Name of the image.")
@click.option("--if-missing", is_flag=True, help="Take an image of the same recipe, whatever its versions.")
@click.option("--force", is_flag=True, help="Make it even if nothing in it would change.")
def build(state_dir: Path, podman_socket: str | None, reference: str, if_missing: bool, force: bool) -> None:
    """Make the tool image from this host's own packages (mmdebstrap on Debian, dnf on Fedora and EL).

    Needs no container registry and asks nothing. Does nothing if the image would come out the same.
    """
    with open_engine(AdjutantOptions(state_dir=state_dir, podman_socket=podman_socket)) as manager:
        image, made = ensure_tool_image(
            manager,
            state_dir,
            lambda line: click.echo(f"  {line}", err=True),
            reference=reference,
            refresh=not if_missing,
            force=force,
        )
        about = details(image)
    state = "made" if made else "up to date"
    click.echo(f"{image.reference} ({about['distribution']}, {about['package_count']} packages) is {state}")


@command.command(name="list")
@_state_dir
@_socket
def list_images(state_dir: Path, podman_socket: str | None) -> None:
    """Show the tool images that there are."""
    with open_engine(AdjutantOptions(state_dir=state_dir, podman_socket=podman_socket)) as manager:
        images = tool_images(manager)
    for image in images:
        about = details(image)
        click.echo(f"{image.reference}  {image.architecture}  {about['distribution']}  {about['tools']}")
    if not images:
        click.echo("There is no tool image: make one with `koji-adjutant image build`.")


@command.command()
@_state_dir
@_socket
@click.argument("reference", default=DEFAULT_REFERENCE)
def inspect(state_dir: Path, podman_socket: str | None, reference: str) -> None:
    """Show what is in an image: digest, architecture and what its labels say."""
    with open_engine(AdjutantOptions(state_dir=state_dir, podman_socket=podman_socket)) as manager:
        image = manager.ensure_image_available(reference, "never")
    rows = {"reference": image.reference, "digest": image.digest, "architecture": image.architecture}
    for key, value in {**rows, **dict(sorted(details(image).items()))}.items():
        click.echo(f"{key:<14} {value}")

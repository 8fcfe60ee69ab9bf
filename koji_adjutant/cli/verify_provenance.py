"""``koji-adjutant verify-provenance``: whether RPM files are what their provenance is about."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from koji_adjutant.errors import AdjutantError, ProvenanceError, UsageError
from koji_adjutant.provenance.envelope import read_public_key
from koji_adjutant.provenance.verification import Origin, Trusted, origin_of, read_origin
from koji_adjutant.text import on_one_line

A_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("verify-provenance")
@click.argument("rpms", metavar="RPM…", nargs=-1, required=True, type=A_FILE)
@click.option(
    "--provenance",
    "documents",
    metavar="FILE",
    multiple=True,
    required=True,
    type=A_FILE,
    help="A build's provenance.intoto.json (with --unsigned: provenance.json). Can be given several times.",
)
@click.option(
    "--key",
    "keys",
    metavar="FILE",
    multiple=True,
    type=A_FILE,
    help="A public key in PEM that may have signed it. Can be given several times.",
)
@click.option("--unsigned", is_flag=True, help="Believe provenance that nobody has signed.")
@click.option("--tag", help="The build tag that it has to be built for.")
@click.option("--source", metavar="PREFIX", help="How the URL of the checkout that it is from has to begin.")
def command(
    rpms: Sequence[Path],
    documents: Sequence[Path],
    keys: Sequence[Path],
    unsigned: bool,
    tag: str | None,
    source: str | None,
) -> None:
    """Find out whether each RPM is what its provenance is about, and say how it was made.

    Everything is read from the files given; nothing is asked of a hub. An RPM that was signed since its
    build is recognised by what follows its signature header. With the provenance of the source package, too,
    that is followed to the commit. Whoever may build anything, if only for scratch, has provenance that is
    signed: --tag and --source say what is to be trusted. Ends with 13 if anything is not so.
    """
    if unsigned == bool(keys):
        raise UsageError("give --key with the builders' public key, or --unsigned to believe anybody")
    trusted = None if unsigned else [read_public_key(key) for key in keys]
    origins = [read_origin(document, trusted) for document in documents]
    failed = False
    for rpm in rpms:
        try:
            told = f"ok    {rpm.name}: {_told(origin_of(rpm, origins, Trusted(tag, source)))}"
        except OSError as problem:
            failed, told = True, f"FAIL  {rpm.name}: it cannot be read: {problem.strerror}"
        except AdjutantError as problem:
            failed, told = True, f"FAIL  {rpm.name}: {problem}"
        click.echo(on_one_line(told))
    if failed:
        sys.exit(ProvenanceError.exit_code)


def _told(steps: Sequence[Origin]) -> str:
    made = [f"built by {step.builder} for {step.invocation} in {step.tag or 'no tag'}" for step in steps]
    sources = "; ".join(
        f"{source.uri or source.name} ({', '.join(map(' '.join, source.digest.items()))})"
        for source in steps[-1].sources
    )
    return ", its source package ".join(made) + (f", from {sources}" if sources else "")

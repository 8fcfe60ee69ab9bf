"""``koji-adjutant cache``: what this machine keeps so that the next buildroot costs less."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import click
from rich.console import Console

from koji_adjutant import text
from koji_adjutant.buildroot.layers.verification import Verification, verify
from koji_adjutant.buildroot.progress import PhaseObserverGroup
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.cli import cache_tables
from koji_adjutant.cli.cache_fetch import fetch
from koji_adjutant.cli.cache_place import Place
from koji_adjutant.cli.cache_tables import find_entry, read_entries
from koji_adjutant.cli.configuration import read_settings
from koji_adjutant.cli.history import worker_history
from koji_adjutant.cli.local_workspace import default_state_dir, local_workspace, temporary_directory
from koji_adjutant.config import AdjutantOptions, values
from koji_adjutant.container.engine import open_engine
from koji_adjutant.errors import AdjutantError, NotFound, UsageError


class DifferentError(AdjutantError):
    """What the cache has is not what a fresh installation gives."""


@click.group("cache")
@click.option(
    "-c",
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    default=Path("/etc/kojid/kojid.conf"),
    show_default=True,
    help="The worker's configuration, if there is one.",
)
@click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="KOJI_ADJUTANT_STATE_DIR",
    help="Where the cache is, instead of the worker's. [default: as koji-adjutant build]",
)
@click.pass_context
def command(context: click.Context, config_file: Path, state_dir: Path | None) -> None:
    """Composed roots, downloaded packages and repositories' metadata on this machine.

    All of it may be removed at any time: what is gone is made again when it is needed.
    """
    options = AdjutantOptions(state_dir=default_state_dir())
    if config_file.exists():
        options = read_settings(config_file).adjutant
    elif context.get_parameter_source("config_file") is click.core.ParameterSource.COMMANDLINE:
        raise UsageError(f"There is no {config_file}: name the worker's configuration file with --config.")
    context.obj = Place(options, (state_dir or options.state_dir).absolute())


command.add_command(fetch)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs: sizes in bytes, times in seconds.")
@click.pass_obj
def list_entries(place: Place, as_json: bool) -> None:
    """List what is kept, what was used last first, and entries that were found damaged and put aside."""
    entries = read_entries(place.cache.store)
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in entries]))
    else:
        Console().print(cache_tables.entries_table(entries))
        if damaged := place.cache.store.quarantined():
            Console().print("", cache_tables.quarantine_table(damaged))


@command.command("show")
@click.argument("key")
@click.pass_obj
def show(place: Place, key: str) -> None:
    """Show one entry: KEY, or the beginning of it."""
    store = place.cache.store
    entry = find_entry(store, key)
    Console().print(cache_tables.entry_page(store, entry))


@command.command("prune")
@click.option("--size", metavar="SIZE", help="Keep this much, like 5G. [default: cache_size]")
@click.option("--all", "everything", is_flag=True, help="Keep only what is in use.")
@click.pass_obj
def prune(place: Place, size: str | None, everything: bool) -> None:
    """Remove what was used longest ago, and never what is in use."""
    cache = place.cache
    before = cache.size()
    try:
        limit = 0 if everything else values.memory(size) if size else place.options.cache_size
    except ValueError as problem:
        raise UsageError(f"--size {problem}, not {size!r}.") from None
    cache.tidy(limit)
    kept = cache.size()
    click.echo(f"{text.size(before - kept)} removed, {text.size(kept)} kept")


@command.command("stats")
@click.option("--json", "as_json", is_flag=True, help="For programs: sizes in bytes.")
@click.pass_obj
def stats(place: Place, as_json: bool) -> None:
    """Show how much is kept, and how often it was of use."""
    found = cache_tables.count(place.cache, _uses(place))
    if as_json:
        click.echo(json.dumps({kind: asdict(one) for kind, one in found.items()}))
    else:
        Console().print(cache_tables.counts_table(found))


@command.command("verify")
@click.argument("keys", metavar="[KEY]…", nargs=-1)
@click.option("--remove", is_flag=True, help="Remove entries that are not as they should be.")
@click.pass_obj
def verify_entries(place: Place, keys: Sequence[str], remove: bool) -> None:
    """Make roots once more, from the same packages, and compare them with those in the cache, file by file.

    KEYs are entries, or beginnings of them; without any, every root and layer is verified. What rpm itself
    does anew each time (files of its database, times) is shown, and is no difference.
    """
    store = place.cache.store
    chosen = [find_entry(store, key) for key in keys] or [
        entry for entry in read_entries(store) if entry.kind in ("root", "layer")
    ]
    different = []
    with _workspace(place) as workspace, (workspace.resultdir / "verify.log").open("wb") as log:
        for entry in chosen:
            for found in verify(workspace, entry.key, log):
                _show_verification(found)
                if not found.equal:
                    different.append(found.key)
    for key in different if remove else ():
        click.echo(f"{key}: {'removed' if store.remove(key) else 'in use, and so not removed'}")
    if different:
        raise DifferentError(f"{len(set(different))} entries are not what they should be")


def _show_verification(found: Verification) -> None:
    click.echo(f"{found.key}: {'equal' if found.equal else 'DIFFERENT'}, {found.files} files")
    for title, lines in (
        ("changed since it was made", found.damage),
        ("otherwise in a fresh one", found.differences),
        ("rpm's own", found.tolerated),
    ):
        for line in lines:
            click.echo(f"  {title}: {line!a}" if not line.isprintable() else f"  {title}: {line}")


@contextmanager
def _workspace(place: Place) -> Iterator[Workspace]:
    options = replace(place.options, state_dir=place.state_dir)
    with (
        open_engine(options) as manager,
        temporary_directory(place.state_dir) as directory,
    ):
        for name in ("work", "result"):
            (directory / name).mkdir()
        with local_workspace(
            manager,
            options,
            workdir=directory / "work",
            resultdir=directory / "result",
            network="none",
            progress=PhaseObserverGroup([]),
        ) as workspace:
            yield workspace


def _uses(place: Place) -> dict[tuple[str, ...], float]:
    """Return (kind, hit or miss) → how often, since the journal was begun; empty where there is none."""
    try:
        with worker_history(place.state_dir) as history:
            return history.totals().get("cache_uses", {})
    except NotFound:
        return {}

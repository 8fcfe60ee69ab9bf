"""``koji-adjutant cache fetch``: the packages of a lock, so that it can be used without a network."""

from __future__ import annotations

from pathlib import Path

import click

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.resolving.locked_packages import download
from koji_adjutant.buildroot.specification.lock import read_lock
from koji_adjutant.cli.cache_place import Place
from koji_adjutant.text import size


@click.command("fetch")
@click.argument("lock", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def fetch(place: Place, lock: Path) -> None:
    """Download the packages of LOCK, an adjutant_lock.json, from where they came from then.

    Exactly these packages: each is checked against the lock, those in the cache as well. Afterwards
    `koji-adjutant build --lock LOCK` needs no network.
    """
    locked = read_lock(lock)
    packages = locked.packages()
    new = download(locked, Cache(place.state_dir), packages)
    total = sum(package.size for package in packages)
    click.echo(f"{len(packages)} packages of the lock are in the cache, {size(total)}; {new} were downloaded")

"""The cache as people see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.cache.quarantine import DamagedEntry
from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.buildroot.layers.compose import Layer
from koji_adjutant.cli.words import moment, plain
from koji_adjutant.errors import NotFound, UsageError
from koji_adjutant.monitoring.status import hit_rate
from koji_adjutant.text import ago, size

SHOWN = 9
"""Letters of a key that are enough for people."""


@dataclass(frozen=True)
class Entry:
    """``kind``: root (a base), layer (installed on one), metadata (of repositories), old (of no use any
    more).

    ``packages`` were installed for it; ``parent`` is the key of the layer below. ``size`` is in bytes on
    disk.
    """

    key: str
    kind: str
    packages: int | None
    parent: str | None
    size: int
    last_use: float
    in_use: bool


def read_entries(store: RootStore) -> list[Entry]:
    """Return everything in the store, what was used last first."""
    entries = []
    for usage in reversed(store.usages()):
        kind, packages, parent = _nature(store, usage.key)
        entries.append(
            Entry(usage.key, kind, packages, parent, usage.size, usage.last_use, store.in_use(usage.key))
        )
    return entries


def _nature(store: RootStore, key: str) -> tuple[str, int | None, str | None]:
    """Return kind, packages and parent."""
    if key.startswith("metadata-"):
        return "metadata", None, None
    try:
        recipe = Layer(store.entry(key)).recipe()
    except (OSError, ValueError, TypeError, KeyError):  # removed just now, or made by an earlier version
        return "old", None, None
    return "layer" if recipe.parent else "root", len(recipe.plan.install), recipe.parent


def find_entry(store: RootStore, beginning: str) -> Entry:
    """Return the entry whose key begins so. Raises NotFound if none does, UsageError if several do."""
    found = [entry for entry in read_entries(store) if entry.key.startswith(beginning)]
    if not found:
        raise NotFound(f"The cache has no entry {beginning!r}: koji-adjutant cache list shows what it has.")
    if len(found) > 1:
        raise UsageError(f"{beginning!r} is the beginning of {len(found)} keys: give more of it.")
    return found[0]


def entries_table(entries: Sequence[Entry]) -> Table:
    table = _table("key", "kind", "on", "packages", "size", "last used")
    for entry in entries:
        table.add_row(
            _short(entry.key),
            entry.kind,
            _short(entry.parent or ""),
            "" if entry.packages is None else str(entry.packages),
            size(entry.size),
            "now" if entry.in_use else ago(entry.last_use),
        )
    table.add_section()
    table.add_row(f"{len(entries)} entries", "", "", "", size(sum(entry.size for entry in entries)), "")
    for column in (3, 4):
        table.columns[column].justify = "right"
    return table


def quarantine_table(damaged: Sequence[DamagedEntry]) -> Table:
    table = _table("damaged", "found", "what is wrong", "where")
    for entry in damaged:
        more = f" and {len(entry.damage) - 1} more" if entry.damage[1:] else ""
        what = plain(entry.damage[0]) + more if entry.damage else "not written down"
        table.add_row(_short(entry.key), ago(entry.since), what, str(entry.path))
    table.columns[3].overflow = "fold"
    return table


def entry_page(store: RootStore, entry: Entry) -> Group:
    """Show one entry's facts, and the packages that were installed for it."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column()
    facts.add_column(overflow="fold")
    facts.add_row("key", entry.key)
    facts.add_row("kind", entry.kind)
    facts.add_row("size", size(entry.size))
    facts.add_row("last used", f"{moment(entry.last_use)}{', in use now' if entry.in_use else ''}")
    facts.add_row("files", str(store.entry(entry.key)))
    if entry.kind in ("metadata", "old"):
        return Group(facts)
    recipe = Layer(store.entry(entry.key)).recipe()
    if recipe.parent:
        facts.add_row("on", recipe.parent)
    facts.add_row("tool image", recipe.tool_image)
    packages = _table("package", "size", "checksum")
    for package in recipe.plan.install:
        packages.add_row(plain(package.nevra), size(package.size), plain(package.checksum))
    for nevra in recipe.plan.erase:
        packages.add_row(plain(nevra), "removed", "")
    return Group(facts, "", packages)


@dataclass
class Count:
    """How much there is of a kind, in bytes on disk, and how often it was looked for and found, or not."""

    entries: int = 0
    bytes: int = 0
    hits: int = 0
    misses: int = 0


JOURNAL_CALLS = {"buildrequires": "layer"}
"""Kinds that the journal knows by another name."""


def count(cache: Cache, uses: Mapping[tuple[str, ...], float]) -> dict[str, Count]:
    """Count by kind; ``uses`` are the journal's (kind, hit or miss) → how often."""
    counts = {kind: Count() for kind in ("root", "layer", "metadata", "packages", "old")}
    for entry in read_entries(cache.store):
        counts[entry.kind].entries += 1
        counts[entry.kind].bytes += entry.size
    counts["packages"].entries, counts["packages"].bytes = cache.packages.size()
    for (kind, outcome), times in uses.items():
        found = counts[JOURNAL_CALLS.get(kind, kind)]
        if outcome == "hit":
            found.hits = int(times)
        else:
            found.misses = int(times)
    return counts


def counts_table(counts: Mapping[str, Count]) -> Table:
    table = _table("", "entries", "size", "found", "not found", "hit rate")
    for kind, found in counts.items():
        rate = hit_rate(found.hits, found.misses)
        shown = "" if rate is None else f"{rate:.0%}"
        table.add_row(kind, str(found.entries), size(found.bytes), str(found.hits), str(found.misses), shown)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _short(key: str) -> str:
    return key[: SHOWN + len("metadata-") if key.startswith("metadata-") else SHOWN]


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False, header_style="bold")

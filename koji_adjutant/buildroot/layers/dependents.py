"""Layers that were made on a layer of which nobody knows any more what it was."""

from __future__ import annotations

from contextlib import suppress

from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.buildroot.layers.compose import Layer


def discard_what_stands_on(store: RootStore, key: str) -> None:
    """Take away all layers that were made on a layer, and on these."""
    parents = {}
    for usage in store.usages():
        with suppress(OSError, ValueError, TypeError, LookupError):  # no layer, or gone just now
            parents[usage.key] = Layer(store.entry(usage.key)).recipe().parent
    pending = [key]
    while pending:
        below = pending.pop()
        for above in [one for one, parent in parents.items() if parent == below]:
            store.discard(above)
            del parents[above]  # one that is damaged may name itself
            pending.append(above)

"""What becomes of a task that used damaged entries of the store: it is no failure of its package's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from koji_adjutant.buildroot.cache.lease import Lease
from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.errors import AdjutantError, DamagedEntryError, FailureClass, LockError, UsageError

OTHERWISE_EXPLAINED = (DamagedEntryError, LockError, UsageError)
"""Errors that no damaged file explains."""
NAMED = 3
"""Files of a damaged entry that a sentence names."""

Found = Callable[[str, Sequence[str]], None]
"""Called with the key of an entry that was found damaged, and what is wrong with it."""


def raise_for_damage(
    store: RootStore, leases: Iterable[Lease], error: AdjutantError | OSError, found: Found
) -> None:
    """Look through what a task used that ends with ``error``: raise DamagedEntryError if it is damaged.

    The entry is in quarantine then. Contents are read only where no package is to blame: then the task is
    done again, on the same entries.
    """
    if isinstance(error, OTHERWISE_EXPLAINED):
        return
    unblamed = isinstance(error, OSError) or error.failure is FailureClass.INFRASTRUCTURE
    for lease in leases:
        if damage := store.look_through(lease, contents=unblamed):
            if store.put_aside(lease, damage):
                found(lease.key, damage)
            first = str(error).partition("\n")[0]
            raise DamagedEntryError(f"{first}\n{sentence(lease.key, damage)}") from error


def sentence(key: str, damage: Sequence[str]) -> str:
    """Say what is wrong with an entry that is in quarantine."""
    more = f" and {len(damage) - NAMED} more" if damage[NAMED:] else ""
    what = "; ".join(damage[:NAMED])
    return f"the entry {key} of the store was damaged, and is made anew ({what}{more})"

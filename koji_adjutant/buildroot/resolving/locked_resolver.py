"""Answering from a lock what has to be installed: no repository is asked, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.resolving.key import layer_key
from koji_adjutant.buildroot.resolving.locked_packages import missing_packages, package_sources_of
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.specification.lock import Lock, Step, this_machine
from koji_adjutant.buildroot.specification.plan import Plan, Wanted
from koji_adjutant.errors import LockError


class LockedResolver:
    """What was resolved then, for whoever wants the same things in the same order."""

    def __init__(self, lock: Lock, cache: Cache, config: BuildrootConfig, tool_image_digest: str) -> None:
        """Check that the lock can be used here.

        Raises LockError if this machine or the tool image is another one, or if packages are missing.
        """
        if lock.machine != this_machine():
            raise LockError(f"the lock is of a machine that is {lock.machine}, and this is {this_machine()}")
        if lock.tool_image != tool_image_digest:
            raise LockError(
                f"the lock's root was made by the tool image {lock.tool_image}, "
                f"and this one is {tool_image_digest}"
            )
        self.package_sources = package_sources_of(lock, offline=True)
        self._lock = lock
        self._config = config
        self._digest = tool_image_digest
        self._done: list[Step] = []
        if missing := missing_packages(lock, cache):
            names = "".join(f"\n  {package.nevra}" for package in missing)
            raise LockError(
                f"{len(missing)} packages of the lock are not on this machine; "
                f"`koji-adjutant cache fetch LOCK` downloads them:{names}"
            )

    def resolve(self, parent: str | None, lowers: Sequence[Path], dbpath: str, wanted: Wanted) -> Plan:  # noqa: ARG002
        """Return what the lock says that it takes to have ``wanted`` in the root whose key is ``parent``.

        The plan is empty if the same was wanted before. Raises LockError if the lock has no such thing, or if
        that would become another root here.
        """
        step = next((one for one in self._next(parent) if one.wanted.words() == wanted.words()), None)
        if step is None:
            if any(one.wanted.words() == wanted.words() for one in self._done):
                return Plan()
            raise LockError(self._difference(parent, wanted))
        key = parent
        if step.plan.changes or parent is None:
            key = layer_key(parent, step.plan, self._config, self._digest)
        if key != step.key:
            raise LockError(
                f"the lock's root {step.key} would be {key} here: "
                "it was made by another version of Koji-Adjutant, or the lock was changed"
            )
        self._done.append(step)
        return step.plan

    def _next(self, parent: str | None) -> list[Step]:
        """Return the steps that begin with the root ``parent``."""
        parents = [None, *(step.key for step in self._lock.steps)]
        return [step for step, before in zip(self._lock.steps, parents, strict=False) if before == parent]

    def _difference(self, parent: str | None, wanted: Wanted) -> str:
        locked = frozenset[str]().union(*(one.wanted.words() for one in self._next(parent) or self._done))
        more, less = sorted(wanted.words() - locked), sorted(locked - wanted.words())
        differences = [f"what is built needs {', '.join(more)}, which the lock does not have"] if more else []
        if less:
            differences.append(f"the lock has {', '.join(less)}, which is not needed now")
        return "; ".join(differences) or "what is built needs the lock's packages in another order"


def compare(made: Lock, lock: Lock) -> None:
    """Raise LockError if the root that was made is not the lock's."""
    if made.key != lock.key:
        raise LockError(
            f"the root is {made.key}, and the lock's is {lock.key}: not all that the lock has is needed now"
        )
    compare_installed(made, lock.installed)


def compare_installed(made: Lock, expected: Mapping[str, str]) -> None:
    """Raise LockError if other packages are installed than ``expected``: payload hashes by NEVRA."""
    others = {nevra for nevra, _payload in made.installed.items() ^ expected.items()}
    if others:
        raise LockError(f"installed is not what the lock says: {', '.join(sorted(others))}")

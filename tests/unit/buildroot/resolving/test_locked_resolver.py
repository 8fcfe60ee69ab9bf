"""Answers from a lock: the same for the same questions, and none for others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.resolving.locked_resolver import LockedResolver, compare
from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.specification.plan import Plan, Wanted
from koji_adjutant.errors import LockError
from tests.support.locks import BASH, DIGEST, ZLIB, example


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Has the lock's roots."""
    cache = Cache(tmp_path)
    for step in example().steps:
        with cache.store.lease(step.key, lambda staging: (staging / "root").mkdir()):
            pass
    return cache


def resolver(cache: Cache, lock: Lock | None = None) -> LockedResolver:
    lock = lock or example()
    return LockedResolver(lock, cache, lock.config, DIGEST)


def ask(resolver: LockedResolver, parent: str | None, wanted: Wanted) -> Plan:
    return resolver.resolve(parent, [], "var/lib/rpm", wanted)


def test_the_same_questions_have_the_same_answers(cache: Cache) -> None:
    base, added = example().steps
    locked = resolver(cache)
    assert ask(locked, None, base.wanted) == base.plan
    assert ask(locked, base.key, added.wanted) == added.plan
    # asked once more, as builds do, there is nothing to be done
    assert ask(locked, added.key, added.wanted) == Plan()


@pytest.mark.parametrize(
    ("requires", "sentence"),
    [
        (["zlib-devel >= 1", "gcc"], "what is built needs gcc, which the lock does not have$"),
        ([], "^the lock has zlib-devel >= 1, which is not needed now$"),
        (["gcc"], "needs gcc, which the lock does not have; the lock has zlib-devel >= 1, which is not"),
        (["zlib-devel >= 2"], "needs zlib-devel >= 2, which the lock does not have"),
    ],
)
def test_other_questions_have_none(cache: Cache, requires: list[str], sentence: str) -> None:
    base, _added = example().steps
    locked = resolver(cache)
    ask(locked, None, base.wanted)
    with pytest.raises(LockError, match=sentence):
        ask(locked, base.key, Wanted(requires=requires))


def test_packages_that_are_not_here_are_named(tmp_path: Path) -> None:
    with pytest.raises(LockError) as refusal:
        resolver(Cache(tmp_path))
    first, *names = str(refusal.value).splitlines()
    assert first.startswith(
        "2 packages of the lock are not on this machine; `koji-adjutant cache fetch LOCK`"
    )
    assert [name.strip() for name in names] == [BASH.nevra, ZLIB.nevra]


def test_another_machine_or_image(cache: Cache) -> None:
    with pytest.raises(LockError, match="the lock is of a machine that is pdp11, and this is "):
        resolver(cache, replace(example(), machine="pdp11"))
    with pytest.raises(LockError, match=f"made by the tool image sha256:0, and this one is {DIGEST}"):
        resolver(cache, replace(example(), tool_image="sha256:0"))


def test_keys_are_not_believed(cache: Cache) -> None:
    lock = example()
    base = replace(lock.steps[0], plan=Plan((replace(BASH, checksum="sha256:cc"),)))
    locked = resolver(cache, replace(lock, steps=(base, lock.steps[1])))
    with pytest.raises(LockError, match=f"the lock's root {base.key} would be [0-9a-f]{{64}} here"):
        ask(locked, None, base.wanted)


def test_the_root_in_the_end() -> None:
    lock = example()
    compare(lock, lock)
    with pytest.raises(LockError, match="not all that the lock has is needed now"):
        compare(replace(lock, steps=lock.steps[:1]), lock)
    with pytest.raises(LockError, match=f"installed is not what the lock says: {BASH.nevra}$"):
        compare(replace(lock, installed={**lock.installed, BASH.nevra: "other"}), lock)

"""An entry that is damaged is put aside and made again, whoever finds it, and however many do."""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache import quarantine
from koji_adjutant.buildroot.cache import store as store_module
from koji_adjutant.buildroot.cache.damage import raise_for_damage
from koji_adjutant.buildroot.cache.record import Vital
from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.buildroot.files.tree import Facts, describe
from koji_adjutant.errors import AdjutantError, BuildFailed, BuildrootError, DamagedEntryError, LockError
from tests.support.damages import DAMAGES

KEY = "k1"


def compose(staging: Path) -> None:
    (staging / "file").write_text("content")
    (staging / "root" / "usr").mkdir(parents=True)
    (staging / "root" / "usr" / "header").write_text("text")


def compose_with_vital_file(staging: Path) -> Vital:
    compose(staging)
    return lambda file: file.path == "file"


@pytest.fixture
def store(tmp_path: Path) -> RootStore:
    """With a sealed entry, of which only ``file`` is vital."""
    store = RootStore(tmp_path / "roots")
    with store.lease(KEY, compose_with_vital_file):
        pass
    store.seal()
    return store


def rot(path: Path) -> None:
    """Change a file in a way that only its contents show."""
    status = path.stat()
    path.write_bytes(path.read_bytes().swapcase())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def assert_made_again(store: RootStore) -> None:
    with store.lease(KEY, compose) as lease:
        assert lease.composed
        assert (lease.path / "file").read_text() == "content"
    with store.lease(KEY, compose) as lease:
        assert not lease.composed


def test_what_is_seen_at_a_glance_is_found_by_the_next_lease(store: RootStore) -> None:
    (store.entry(KEY) / "file").write_text("")
    assert not store.has(KEY)
    with store.lease(KEY, compose) as lease:
        assert lease.composed
        assert lease.damage == ["file: another size, mtime"]
    (aside,) = store.quarantined()
    assert (aside.key, aside.damage) == (KEY, ["file: another size, mtime"])
    assert (aside.path / "file").read_text() == ""


def test_the_rest_is_found_by_looking_through(store: RootStore) -> None:
    with store.lease(KEY, compose) as lease:
        assert not lease.composed
        assert store.look_through(lease) == []
        (lease.path / "root" / "usr" / "header").unlink()
        damage = store.look_through(lease)
        assert damage == ["root/usr: another mtime", "root/usr/header: gone"]
        assert store.put_aside(lease, damage)
        assert not lease.is_current()
        assert (store.quarantined()[0].path / "file").read_text() == "content"
    assert_made_again(store)


def test_contents_are_compared_with_the_manifest(store: RootStore) -> None:
    with store.lease(KEY, compose) as lease:
        rot(lease.path / "root" / "usr" / "header")
        assert store.look_through(lease) == []
        assert store.look_through(lease, contents=True) == ["root/usr/header: another content"]


def test_two_who_find_the_same_damage_put_it_aside_once(store: RootStore) -> None:
    with store.lease(KEY, compose) as one, store.lease(KEY, compose) as other:
        (one.path / "root" / "usr" / "header").unlink()
        assert store.put_aside(one, store.look_through(one))
        with store.lease(KEY, compose) as third:
            assert third.composed
            assert store.look_through(other) == ["root/usr: another mtime", "root/usr/header: gone"]
            assert not store.put_aside(other, ["what was found before"])
            assert third.is_current()
    assert len(store.quarantined()) == 1
    with store.lease(KEY, compose) as lease:
        assert not lease.composed


def test_an_entry_that_is_made_again_is_not_synced_by_whoever_made_the_former(tmp_path: Path) -> None:
    store = RootStore(tmp_path)
    with store.lease(KEY, compose) as lease:
        assert store.put_aside(lease, ["damage"])
        with ExitStack() as stack:
            stack.enter_context(store.lease(KEY, compose))
    assert (tmp_path / "synced" / KEY).exists()
    with store.lease(KEY, compose) as lease:
        assert store.put_aside(lease, ["damage"])
    assert not (tmp_path / "synced" / KEY).exists()


def test_what_is_taken_from_its_users_is_not_deleted_under_them(store: RootStore, tmp_path: Path) -> None:
    trash = tmp_path / "roots" / "trash"
    with store.lease(KEY, compose):
        store.discard(KEY)
        store.sweep()
        (left,) = trash.iterdir()
        assert (left / "file").read_text() == "content"
    store.sweep()
    assert [*trash.iterdir()] == []


def test_what_was_made_on_a_damaged_entry_is_not_looked_through(store: RootStore) -> None:
    with store.lease(KEY, compose) as lease:
        store.discard(KEY)
        assert store.look_through(lease) == ["made on a damaged one, which another task has found"]
        assert not store.put_aside(lease, ["damage"])


def test_an_entry_that_is_damaged_before_it_is_sealed(store: RootStore, tmp_path: Path) -> None:
    """Its manifest would say that the damage is right. It is a task that has to find it."""
    with store.lease("other", compose) as lease:
        pass
    (lease.path / "root" / "usr" / "header").write_text("")
    store.seal()
    store.sweep()
    assert not (tmp_path / "roots" / "manifests" / "other").exists()
    assert store.quarantined() == []
    with store.lease("other", compose) as lease:
        assert lease.damage == ["root/usr/header: another size, mtime"]


def test_an_entry_that_is_put_aside_while_it_is_sealed(
    store: RootStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest would be that of the entry which is made in its place."""

    def describe_while_it_is_replaced(path: Path) -> dict[str, Facts]:
        found = describe(path)
        with store.held("other") as lease:
            assert store.put_aside(lease, ["damage"])
        with store.lease("other", compose):
            return found

    with store.lease("other", compose):
        pass
    monkeypatch.setattr(store_module, "describe", describe_while_it_is_replaced)
    store.seal()
    assert store.has("other")
    assert not (tmp_path / "roots" / "manifests" / "other").exists()


def test_the_quarantine_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RootStore(tmp_path)
    for number in range(quarantine.KEPT + 2):
        with store.lease(KEY, compose) as lease:
            assert store.put_aside(lease, [f"number {number}"])
        place = next(aside.path for aside in store.quarantined() if aside.damage == [f"number {number}"])
        os.utime(place, (2e9 + number, 2e9 + number))
    store.sweep()
    assert [aside.damage for aside in store.quarantined()] == [["number 4"], ["number 3"], ["number 2"]]
    os.utime(store.quarantined()[-1].path, (1, 1))
    store.sweep()
    assert [aside.damage for aside in store.quarantined()] == [["number 4"], ["number 3"]]
    assert store.size()[0] == 0
    assert store.size()[1] > 0
    store.evict(0)
    assert store.quarantined() == []


@pytest.mark.parametrize("error", [BuildFailed("it failed\nfor a reason"), OSError("no such file")])
def test_an_error_with_damage_is_no_packages(store: RootStore, error: AdjutantError | OSError) -> None:
    found: list[tuple[str, list[str]]] = []
    with store.lease(KEY, compose) as lease:
        raise_for_damage(store, [lease], error, lambda key, damage: found.append((key, [*damage])))
        (lease.path / "root" / "usr" / "header").unlink()
        with pytest.raises(DamagedEntryError) as raised:
            raise_for_damage(store, [lease], error, lambda key, damage: found.append((key, [*damage])))
    assert str(raised.value) == (
        f"{str(error).splitlines()[0]}\nthe entry k1 of the store was damaged, and is made anew "
        "(root/usr: another mtime; root/usr/header: gone)"
    )
    assert raised.value.__cause__ is error
    assert found == [(KEY, ["root/usr: another mtime", "root/usr/header: gone"])]
    assert_made_again(store)


def test_contents_are_read_where_no_package_is_to_blame(store: RootStore) -> None:
    with store.lease(KEY, compose) as lease:
        rot(lease.path / "root" / "usr" / "header")
        raise_for_damage(store, [lease], BuildFailed("it failed"), lambda *_: None)
        raise_for_damage(store, [lease], LockError("another lock"), lambda *_: None)
        with pytest.raises(DamagedEntryError):
            raise_for_damage(store, [lease], BuildrootError("no container"), lambda *_: None)


@pytest.mark.parametrize("point", ["putting aside", "put aside"])
def test_whoever_puts_an_entry_aside_may_be_killed(store: RootStore, point: str) -> None:
    def kill(here: str) -> None:
        if here == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def put_aside() -> None:
        with RootStore(store.directory, kill).lease(KEY, compose) as lease:
            (lease.path / "file").unlink()
            RootStore(store.directory, kill).put_aside(lease, ["damage"])

    process = multiprocessing.get_context("fork").Process(target=put_aside)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert_made_again(store)
    assert [aside.key for aside in store.quarantined()] == [KEY]


OWN = [
    f"entries/{KEY}",
    *(f"entries/{KEY}/{name}" for name in (".boot-id", ".size", ".files", ".vital", "file")),
    f"synced/{KEY}",
    f"manifests/{KEY}",
    f"locks/{KEY}.use",
    f"locks/{KEY}.compose",
    *("entries", "staging", "trash", "synced", "manifests", "locks"),
]
DIRECTORIES = ("removed", "emptied", "alien")
"""What becomes of the store's own directories, where there is anything to be done about it."""
CASES = [
    pytest.param(path, damage, id=f"{path}-{damage}")
    for path in OWN
    for damage in DAMAGES
    if "/" in path or damage in DIRECTORIES
]


@pytest.mark.parametrize(("path", "damage"), CASES)
def test_whatever_is_damaged_the_next_one_has_its_entry(store: RootStore, path: str, damage: str) -> None:
    victim = store.directory / path
    DAMAGES[damage](victim)
    again = RootStore(store.directory)
    again.usages()
    with again.lease(KEY, compose) as lease:
        assert (lease.path / "file").read_text() == "content"
        again.seal()
        again.look_through(lease, contents=True)
    again.evict(1 << 30)
    again.sweep()
    again.seal()
    assert again.size()[0] == 1
    with again.lease(KEY, compose) as lease:
        assert (lease.path / "file").read_text() == "content"

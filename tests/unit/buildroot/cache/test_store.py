"""The store's rules, held with real processes that are stopped and killed at the store's trace points."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from koji_adjutant.buildroot.cache import store as store_module
from koji_adjutant.buildroot.cache.store import RootStore
from koji_adjutant.errors import BuildrootError

KEY = "k1"
# fork: the children get test functions and pipes as they are, and a killed one must not be waited for
CONTEXT = multiprocessing.get_context("fork")


def compose(staging: Path) -> None:
    (staging / "file").write_text("content")


def entries(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "entries").iterdir())


class Other:
    """Another process that leases KEY; it can be held at a trace point, sent on, or killed."""

    def __init__(self, directory: Path, hold_at: str = "", compose: Callable[[Path], None] = compose) -> None:
        self._pipe, child = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_lease, args=(directory, hold_at, compose, child))
        self.process.start()
        child.close()

    def wait_for(self, point: str) -> list[str]:
        """Read trace points up to this one; all of them."""
        seen: list[str] = []
        while not seen or seen[-1] != point:
            assert self._pipe.poll(60), f"no {point} after {seen}"
            seen.append(self._pipe.recv())
        return seen

    def go_on(self) -> None:
        self._pipe.send("go on")

    def kill(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()

    def finish(self) -> None:
        self.process.join(60)
        assert self.process.exitcode == 0


def _lease(directory: Path, hold_at: str, compose: Callable[[Path], None], pipe: Connection) -> None:
    def trace(point: str) -> None:
        pipe.send(point)
        if point == hold_at:
            pipe.recv()

    with RootStore(directory, trace).lease(KEY, compose) as lease:
        assert (lease.path / "file").read_text() == "content"
        trace("using")


def test_composes_once_and_finds_it_again(tmp_path: Path) -> None:
    calls = []

    def counting(staging: Path) -> None:
        calls.append(staging)
        compose(staging)

    for composed in (True, False):
        with RootStore(tmp_path).lease(KEY, counting) as lease:
            assert (lease.path / "file").read_text() == "content"
            assert lease.composed is composed
    assert len(calls) == 1
    assert entries(tmp_path) == [KEY]


def test_a_failed_composition_leaves_nothing(tmp_path: Path) -> None:
    def failing(staging: Path) -> None:
        compose(staging)
        raise BuildrootError("no such package")

    store = RootStore(tmp_path)
    with pytest.raises(BuildrootError, match="no such package"), store.lease(KEY, failing):
        pass
    assert entries(tmp_path) == []
    assert not list((tmp_path / "staging").iterdir())
    with store.lease(KEY, compose) as lease:
        assert (lease.path / "file").exists()


def test_two_processes_compose_once(tmp_path: Path) -> None:
    def must_not_run(_staging: Path) -> None:
        raise AssertionError("composed twice")

    first = Other(tmp_path, hold_at="composed")
    first.wait_for("composed")
    second = Other(tmp_path, compose=must_not_run)
    second.wait_for("missing")
    first.go_on()
    second.wait_for("using")
    first.finish()
    second.finish()
    assert entries(tmp_path) == [KEY]


def test_the_next_one_composes_when_the_first_fails(tmp_path: Path) -> None:
    def failing(_staging: Path) -> None:
        raise SystemExit(0)

    first = Other(tmp_path, hold_at="composing", compose=failing)
    first.wait_for("composing")
    second = Other(tmp_path)
    second.wait_for("missing")
    first.go_on()
    first.finish()
    assert "committed" in second.wait_for("using")
    second.finish()


@pytest.mark.parametrize("point", ["missing", "composing", "composed"])
def test_killed_before_the_commit_leaves_no_entry(tmp_path: Path, point: str) -> None:
    other = Other(tmp_path, hold_at=point)
    other.wait_for(point)
    other.kill()
    assert entries(tmp_path) == []
    with RootStore(tmp_path).lease(KEY, compose) as lease:
        assert (lease.path / "file").read_text() == "content"
    assert not list((tmp_path / "staging").iterdir())


def test_killed_after_the_commit_leaves_a_good_entry_for_this_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Other(tmp_path, hold_at="committed")
    other.wait_for("committed")
    other.kill()
    store = RootStore(tmp_path)
    assert store.has(KEY)
    # it was never flushed to disk, so a machine that went down may have lost files of it
    other_boot = tmp_path / "boot-id"
    other_boot.write_text("another boot\n")
    monkeypatch.setattr(store_module, "BOOT_ID", other_boot)
    assert not store.has(KEY)
    composed = []

    def counting(staging: Path) -> None:
        composed.append(staging)
        compose(staging)

    with store.lease(KEY, counting):
        assert composed


def test_what_a_machine_that_died_left_is_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RootStore(tmp_path)
    with store.lease("good", compose):
        pass
    with store.lease(KEY, compose) as lease:
        pass
    (tmp_path / "synced" / KEY).unlink()
    (lease.path / ".size").write_text("")  # its name was on disk, its content not yet
    other_boot = tmp_path / "boot-id"
    other_boot.write_text("another boot\n")
    monkeypatch.setattr(store_module, "BOOT_ID", other_boot)
    store.evict(1 << 30)
    assert entries(tmp_path) == ["good", KEY]
    with store.lease("good", compose):
        store.sweep()
    assert entries(tmp_path) == ["good"]


def test_a_flushed_entry_survives_a_reboot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RootStore(tmp_path)
    with store.lease(KEY, compose):
        pass
    other_boot = tmp_path / "boot-id"
    other_boot.write_text("another boot\n")
    monkeypatch.setattr(store_module, "BOOT_ID", other_boot)
    assert store.has(KEY)


def test_an_entry_in_use_is_not_removed(tmp_path: Path) -> None:
    user = Other(tmp_path, hold_at="using")
    user.wait_for("using")
    store = RootStore(tmp_path)
    assert store.in_use(KEY)
    assert not store.remove(KEY)
    assert store.has(KEY)
    user.go_on()
    user.finish()
    assert not store.in_use(KEY)
    assert store.remove(KEY)
    assert entries(tmp_path) == []


def test_a_killed_user_does_not_keep_an_entry(tmp_path: Path) -> None:
    user = Other(tmp_path, hold_at="using")
    user.wait_for("using")
    user.kill()
    assert RootStore(tmp_path).remove(KEY)


def test_users_do_not_wait_for_each_other(tmp_path: Path) -> None:
    users = [Other(tmp_path, hold_at="using") for _ in range(3)]
    for user in users:
        user.wait_for("using")
    for user in users:
        user.go_on()
        user.finish()


def test_another_key_does_not_wait(tmp_path: Path) -> None:
    composer = Other(tmp_path, hold_at="composed")
    composer.wait_for("composed")
    with RootStore(tmp_path).lease("k2", compose):
        pass
    composer.go_on()
    composer.finish()


def test_use_is_recorded(tmp_path: Path) -> None:
    store = RootStore(tmp_path)
    with store.lease(KEY, compose):
        pass
    lock = tmp_path / "locks" / f"{KEY}.use"
    os.utime(lock, (1, 1))
    with store.lease(KEY, compose):
        pass
    assert lock.stat().st_mtime > 1


def sized(kib: int) -> Callable[[Path], None]:
    def compose(staging: Path) -> None:
        (staging / "root").write_bytes(b"x" * kib * 1024)
        os.link(staging / "root", staging / "same")

    return compose


def test_what_was_used_longest_ago_is_evicted(tmp_path: Path) -> None:
    store = RootStore(tmp_path)
    for key in ("first", "second", "third"):
        with store.lease(key, sized(1024)):
            pass
    for age, key in enumerate(("second", "third", "first")):
        os.utime(tmp_path / "locks" / f"{key}.use", (1000 + age, 1000 + age))
    store.evict(4 * 2**20)
    assert entries(tmp_path) == ["first", "second", "third"]

    store.evict(int(2.5 * 2**20))
    assert entries(tmp_path) == ["first", "third"]

    with store.lease("third", sized(1)):
        store.evict(0)
        assert entries(tmp_path) == ["third"]


def test_sweep_empties_the_trash(tmp_path: Path) -> None:
    store = RootStore(tmp_path)
    with store.lease(KEY, compose):
        pass
    assert store.remove(KEY)
    assert list((tmp_path / "trash").iterdir())
    store.sweep()
    assert not list((tmp_path / "trash").iterdir())


def test_sweep_takes_what_a_dead_composer_left_but_not_a_living_ones(tmp_path: Path) -> None:
    alive, dead = Other(tmp_path / "a", hold_at="composed"), Other(tmp_path / "b", hold_at="composed")
    alive.wait_for("composed")
    dead.wait_for("composed")
    dead.kill()
    for name, left in (("a", 1), ("b", 0)):
        RootStore(tmp_path / name).sweep()
        assert len(list((tmp_path / name / "staging").iterdir())) == left
    alive.go_on()
    alive.finish()


def test_nobody_else_looks_into_the_store(tmp_path: Path) -> None:
    RootStore(tmp_path / "new" / "roots")
    assert (tmp_path / "new" / "roots").stat().st_mode & 0o777 == 0o700


def test_locks_are_not_inherited_by_programs(tmp_path: Path) -> None:
    store = RootStore(tmp_path)
    with store.lease(KEY, compose):
        child = subprocess.Popen(["sleep", "60"])
    try:
        assert store.remove(KEY)
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("key", ["", "../x", "a/b", "a.b"])
def test_a_key_is_a_plain_name(tmp_path: Path, key: str) -> None:
    with pytest.raises(BuildrootError), RootStore(tmp_path).lease(key, compose):
        pass


def test_an_entry_that_another_process_is_reading_is_left_to_it(tmp_path: Path) -> None:
    store = RootStore(tmp_path)
    with store.lease(KEY, compose), store.lease("another", compose):
        pass
    with (tmp_path / "locks" / f"{KEY}.seal").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        store.seal()
        assert [path.name for path in (tmp_path / "manifests").iterdir()] == ["another"]
    store.seal()
    assert (tmp_path / "manifests" / KEY).exists()


def test_names_that_others_have_of_an_entrys_files_are_no_damage(tmp_path: Path) -> None:
    store = RootStore(tmp_path)
    with store.lease(KEY, compose) as lease:
        store.seal()
        os.link(lease.path / "file", tmp_path / "mine")
        assert store.damage(KEY) == []


def test_a_disk_that_is_full_while_an_entry_is_made(tmp_path: Path) -> None:
    """A real one: a file system of a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        store = RootStore(disk)
        with store.lease("small", compose):
            pass
        with pytest.raises(OSError, match="No space left on device"), store.lease(KEY, sized(4096)):
            pass
        assert entries(disk) == ["small"]
        assert not list((disk / "staging").iterdir())
        store.sweep()
        with store.lease(KEY, compose) as lease:
            assert (lease.path / "file").read_text() == "content"
    finally:
        subprocess.run(["umount", str(disk)], check=True)

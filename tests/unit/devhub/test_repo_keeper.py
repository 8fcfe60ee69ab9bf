"""What becomes of old repos."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import koji
import pytest

from koji_adjutant.devhub.server.directory import open_directory
from koji_adjutant.devhub.server.dispatch import Dispatcher
from koji_adjutant.devhub.server.repo_keeper import LIFETIME, RepoKeeper

READY, EXPIRED, DELETED = (koji.REPO_STATES[name] for name in ("READY", "EXPIRED", "DELETED"))


@pytest.mark.parametrize(
    ("dist", "states"),
    [
        pytest.param(True, [DELETED, EXPIRED, READY], id="dist repos: the last one stays"),
        pytest.param(False, [DELETED, EXPIRED, EXPIRED], id="other repos"),
    ],
)
def test_old_repos(tmp_path: Path, dist: bool, states: list[int]) -> None:
    """An expired one and two that are not, of a tag that has changed since."""
    db, topdir = open_directory(tmp_path), tmp_path / "topdir"
    keeper = RepoKeeper(Dispatcher(db, topdir))
    with db.transaction():
        tag, user = db.insert("tag", {"name": "old"}), db.value("SELECT id FROM users")
        events = [db.insert("events", {"time": 1.0}) for _ in range(4)]
        db.insert("tag_config", {"tag_id": tag, "create_event": events[3], "creator_id": user})
        long_ago = time.time() - LIFETIME - 1
        values = {"tag_id": tag, "creation_time": long_ago, "state_time": long_ago, "dist": dist}
        repos = [
            db.insert("repo", values | {"create_event": event, "end_event": events[3], "state": state})
            for event, state in zip(events, [EXPIRED, READY, READY], strict=False)
        ]
    place = topdir / ("repos-dist" if dist else "repos") / "old"
    for repo in repos:
        (place / str(repo)).mkdir(parents=True)
    keeper.round()
    assert [db.value("SELECT state FROM repo WHERE id = ?", (repo,)) for repo in repos] == states
    assert {path.name for path in place.iterdir()} == {str(repo) for repo in repos[1:]}
    db.close()


def test_the_database_is_left_alone_while_a_call_uses_it(tmp_path: Path) -> None:
    """Two threads in one connection of SQLite's can wait for each other for ever."""
    db = open_directory(tmp_path)
    dispatcher = Dispatcher(db, tmp_path / "topdir")
    looking = threading.Thread(target=RepoKeeper(dispatcher)._anything_new)
    with dispatcher.lock:
        looking.start()
        looking.join(0.2)
        assert looking.is_alive()
    looking.join()
    db.close()

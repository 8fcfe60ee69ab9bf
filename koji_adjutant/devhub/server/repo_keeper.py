"""What the kojira service does for a real hub, in a thread of devhub: makes the repos that have been asked
for, and removes old ones."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from pathlib import Path

from koji_adjutant.devhub.core.call import Call, Session
from koji_adjutant.devhub.core.database import Row
from koji_adjutant.devhub.repos import repo_requests, repos
from koji_adjutant.devhub.server.dispatch import Dispatcher

log = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two looks at the queue."""
IDLE_INTERVAL = 30.0
"""The same where nothing has changed."""
LIFETIME = 7 * 24 * 3600.0
"""Seconds after which a repo of a tag that has changed since is expired, and an expired one deleted."""


class RepoKeeper:
    """The thread; ``stop`` ends it."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._stopped = threading.Event()
        self._seen = -1
        self._last = 0.0
        self._thread = threading.Thread(target=self._run, name="repo-keeper", daemon=True)

    def start(self) -> None:
        """Begin to keep repos."""
        self._thread.start()

    def stop(self) -> None:
        """End after the current round, and wait for that."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(INTERVAL):
            try:
                if self._anything_new():
                    self.round()
            except Exception:
                log.exception("keeping repos failed; trying again")

    def _anything_new(self) -> bool:
        """Check whether calls have changed anything, or it is time for a look anyway: an idle hub stays
        idle."""
        # even this takes SQLite's own lock, with Python's held: beside another thread's call nobody goes on
        with self._dispatcher.lock:
            changes = self._dispatcher.db.changes
        now = time.monotonic()
        if changes == self._seen and now - self._last < IDLE_INTERVAL:
            return False
        self._seen, self._last = changes, now
        return True

    def round(self) -> None:
        """Look at everything once: note which tags have changed, request and make repos, remove old ones."""
        db = self._dispatcher.db
        with self._dispatcher.lock, db.transaction():
            keeper = db.one("SELECT id, name FROM users WHERE name = 'kojira'") or {}
            session = Session(user_id=keeper.get("id"), user_name=keeper.get("name"))
            call = Call(db, session, self._dispatcher.topdir, "kojira")
            repos.note_end_events(call)
            repo_requests.auto_requests(call)
            repo_requests.work_queue(call)
            stale = _expire(call)
        for directory in stale:
            shutil.rmtree(directory, ignore_errors=True)


def _expire(call: Call) -> list[Path]:
    """Expire and delete repos that are too old. Returns the directories to remove."""
    old = time.time() - LIFETIME
    query = repos.select_repos().where_in("repo.state", (repos.READY, repos.EXPIRED))
    query.where("repo.state_time < ? AND repo.end_event IS NOT NULL", old)
    removed = []
    for repo in query.all(call.db):
        if repo["state"] == repos.READY:
            if repo["dist"] and _is_latest(call, repo):
                continue
            repos.set_state(call, repo["id"], repos.EXPIRED)
        elif not repos.references(call, repo["id"]):
            repos.set_state(call, repo["id"], repos.DELETED)
            place = call.paths.distrepo if repo["dist"] else call.paths.repo
            removed.append(Path(place(repo["id"], repo["tag_name"])))
    return removed


def _is_latest(call: Call, repo: Row) -> bool:
    newer = repos.select_repos().where("repo.tag_id = ? AND repo.dist = ?", repo["tag_id"], repo["dist"])
    newer.where("repo.state = ? AND repo.create_event > ?", repos.READY, repo["create_event"])
    return newer.one(call.db) is None

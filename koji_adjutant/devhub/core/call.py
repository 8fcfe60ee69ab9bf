"""What a call works with: the database, who is calling, and where the files are."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import koji

from koji_adjutant.devhub.core.database import Database, Row


@dataclass
class Session:
    """Who is calling. ``user_id`` is None for somebody who has not logged in."""

    id: int | None = None
    key: str | None = None
    user_id: int | None = None
    user_name: str | None = None
    master: int | None = None
    callnum: int | None = None
    exclusive: bool = False
    lock_error: str | None = None
    row: Row = field(default_factory=dict)

    @property
    def logged_in(self) -> bool:
        """Whether this is somebody."""
        return self.user_id is not None


@dataclass
class Call:
    """One remote call, or one part of a multiCall."""

    db: Database
    session: Session
    topdir: Path
    method: str
    _event: int | None = None

    @property
    def paths(self) -> Any:
        """Where koji keeps things below topdir (koji.PathInfo)."""
        return koji.PathInfo(topdir=str(self.topdir))

    @property
    def event(self) -> int:
        """The event that everything this call changes is recorded under; made when first asked for."""
        if self._event is None:
            self._event = self.new_event()
        return self._event

    def new_event(self) -> int:
        """Make a further event, for what needs one of its own (repoInit)."""
        return self.db.insert("events", {"time": time.time()})

    def forget_event(self) -> None:
        """Let the next part of a multiCall have its own event."""
        self._event = None

    def add(self, table: str, **values: Any) -> None:
        """Add a row to a versioned table, valid from this call's event."""
        creation = {"create_event": self.event, "creator_id": self.session.user_id}
        self.db.insert(table, {**values, **creation})

    def revoke(self, table: str, **where: Any) -> int:
        """End the validity of the rows of a versioned table that match. Returns how many."""
        ended = {"revoke_event": self.event, "revoker_id": self.session.user_id, "active": None}
        return self.db.update(table, ended, {**where, "active": 1})

"""Composing SELECT statements, and the ``queryOpts`` that many calls take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import koji

from koji_adjutant.devhub.core.database import Database, Row


class Select:
    """A query put together piece by piece; the pieces are our own text, what callers send goes in as
    parameters."""

    def __init__(self, table: str, *joins: str) -> None:
        self.table = table
        self._joins = list(joins)
        self._columns: list[str] = []
        self._conditions: list[str] = []
        self._join_parameters: list[Any] = []
        self._parameters: list[Any] = []
        self._order = ""

    def columns(self, *names: str, **aliases: str) -> Select:
        """Add columns; a keyword gives the name in the result: ``columns("task.id",
        owner_name="users.name")``."""
        self._columns += names
        self._columns += [f"{expression} AS {alias}" for alias, expression in aliases.items()]
        return self

    def join(self, *joins: str) -> Select:
        """Add JOIN clauses."""
        self._joins += joins
        return self

    def where(self, condition: str, *parameters: Any) -> Select:
        """Add a condition."""
        self._conditions.append("(" + condition + ")")
        self._parameters += parameters
        return self

    def where_in(self, column: str, values: Iterable[Any], *, negate: bool = False) -> Select:
        """Add the condition ``column IN (…)`` or ``NOT IN (…)``; nothing is in an empty list."""
        values = list(values)
        word = " NOT IN (" if negate else " IN ("
        return self.where(column + word + ", ".join("?" * len(values)) + ")", *values)

    def at(self, table: str, event: int | None) -> Select:
        """Keep only rows of the versioned ``table`` that hold at ``event``, or now. Raises GenericError for
        an event that is no number."""
        if event is None:
            return self.where(f"{table}.active = 1")
        if not isinstance(event, int):
            raise koji.GenericError(f"Invalid event: {event!r}")
        held = f"{table}.create_event <= ? AND ({table}.revoke_event IS NULL OR ? < {table}.revoke_event)"
        return self.where(held, event, event)

    def drafts(self, table: str, draft: bool | None) -> Select:
        """Keep only drafts in ``build`` or ``rpminfo``, or no drafts, or (None) both."""
        if draft is not None:
            self.where(f"{table}.draft IS {'' if draft else 'NOT '}TRUE")
        return self

    def order(self, text: str) -> Select:
        """Set what comes after ORDER BY: columns, and LIMIT if wanted."""
        self._order = text
        return self

    def sql(self) -> str:
        """Put the statement together."""
        parts = ["SELECT", ", ".join(self._columns), "FROM", self.table, *self._joins]
        if self._conditions:
            parts += ["WHERE", " AND ".join(self._conditions)]
        if self._order:
            parts += ["ORDER BY", self._order]
        return " ".join(parts)

    def all(self, db: Database) -> list[Row]:
        """Fetch every row."""
        return db.all(self.sql(), self._parameters)

    def one(self, db: Database) -> Row | None:
        """Fetch the first row, or None."""
        return db.one(self.sql(), self._parameters)

    def value(self, db: Database) -> Any:
        """Fetch the first column of the first row, or None."""
        return db.value(self.sql(), self._parameters)


def apply_options(rows: list[Row], options: Mapping[str, Any] | None) -> Any:
    """Order, cut and shape rows as ``queryOpts`` asks: ``order`` (``-`` in front for descending, several with
    commas), ``offset``, ``limit``, ``asList``; with ``countOnly`` the number of rows is returned. Raises
    GenericError for an order by a column that they do not have."""
    options = options or {}
    if options.get("countOnly"):
        return len(rows)
    for field in reversed(str(options.get("order") or "").split(",")):
        name = field.strip().lstrip("-")
        if not name:
            continue
        if rows and name not in rows[0]:
            raise koji.GenericError(f"Invalid order: {field}")
        # PostgreSQL puts NULL last in ascending order
        rows = sorted(
            rows, key=lambda row: (row[name] is None, row[name]), reverse=field.strip().startswith("-")
        )
    offset = int(options.get("offset") or 0)
    rows = rows[offset:]
    if options.get("limit") is not None:
        rows = rows[: int(options["limit"])]
    if options.get("asList"):
        return [list(row.values()) for row in rows]
    return rows

"""The worker's own log, which may quote anything: koji logs each task's request and result."""

from __future__ import annotations

import logging

from koji_adjutant.text import without_passwords


class WithoutPasswords(logging.Formatter):
    """Writes what another formatter writes, tracebacks included, without passwords in URLs."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        return without_passwords(self._formatter.format(record))


def keep_passwords_out(name: str) -> None:
    """Have all handlers that a logger has just now write no passwords."""
    for handler in logging.getLogger(name).handlers:
        handler.setFormatter(WithoutPasswords(handler.formatter or logging.Formatter()))

"""What will be different for a stock builder that becomes one of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from koji_adjutant.cli.checks.result import CheckResult, Level
from koji_adjutant.config.moving import changes


def check_moving(configuration: Path, site_defaults: Path) -> Iterator[CheckResult]:
    """Yield a line for each difference. Raises ConfigError if a file cannot be used."""
    for change in changes(configuration, site_defaults):
        level = Level.FAIL if change.broken else Level.WARN if change.lost else Level.OK
        yield CheckResult(level, change.subject, change.sentence)

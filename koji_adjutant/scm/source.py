"""A place in a source code management system, parsed from a koji SCM URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ScmSource:
    """The fields of ``koji.daemon.SCM``, which parses the URL and decides what is allowed.

    ``scheme`` ends in ``://``; ``user`` may carry a password; ``module`` may be empty; ``source_cmd`` None
    means there is none.
    """

    url: str
    scmtype: str
    scheme: str
    user: str | None
    host: str
    repository: str
    module: str
    revision: str
    use_common: bool = True
    source_cmd: Sequence[str] | None = ("make", "sources")

    @classmethod
    def of(cls, scm: Any) -> ScmSource:
        """From a ``koji.daemon.SCM`` (after assert_allowed, which sets use_common and source_cmd).

        SourceError for a part that could be taken for an option or leaves its directory.
        """
        raise NotImplementedError

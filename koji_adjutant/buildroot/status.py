"""mock's exit statuses, in kojid's words: tools that read koji's task results look for them."""

from __future__ import annotations

import re

FAILED = 1
"""Anything without a status of its own; kojid then points at both logs."""
BOTH_LOGS = "build.log or root.log"
BUILD_FAILED = 10
TIMED_OUT = 11
PACKAGE_MANAGER_FAILED = 30
SRPM_UNUSABLE = 40


_SENTENCE = re.compile(r", mock exited with status \d+; see (.+?) for more information")


def mock_sentence(status: int, log: str) -> str:
    """Return the second half of kojid's messages; ``log`` is where the reason stands."""
    return f"mock exited with status {status}; see {log} for more information"


def without_mock(message: str) -> str:
    """Return a message for people who build without a hub: they have no mock, and the logs are theirs."""
    return _SENTENCE.sub(r"; see \1", message).replace(
        "could not init mock buildroot", "no buildroot was made"
    )

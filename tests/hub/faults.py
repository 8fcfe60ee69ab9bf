"""Saying that the hub must refuse something, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import koji
import pytest
from koji.xmlrpcplus import Fault

ANY_ERROR = 1
"""The fault code of an error that is no koji error: a database's, a TypeError. Its text is no contract."""


@contextmanager
def refused(code: int, message: str = "") -> Iterator[None]:
    """The call must fail with exactly this fault code, and a text that matches ``message``."""
    with pytest.raises((koji.GenericError, Fault)) as caught:
        yield
    error = caught.value
    text = error.faultString if isinstance(error, Fault) else str(error)
    assert error.faultCode == code, f"fault {error.faultCode} instead of {code}: {text}"
    assert re.search(message, text), f"fault {code} says {text!r}, not {message!r}"


def stock_words(error: koji.GenericError) -> str:
    """A failed task's message without our explanation, which stands below: what a stock builder says."""
    return str(error).partition("\n\nWhy (")[0]

"""Holding whoever comes to a certain place, so that something can be done to them there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Request = TypeVar("Request")


class Once(Generic[Request]):
    """Holds the first request that ``matches``, until it is opened; others go by."""

    def __init__(self, matches: Callable[[Request], bool]) -> None:
        self._matches = matches
        self._came = threading.Event()
        self._open = threading.Event()

    def take(self, request: Request) -> bool:
        """Return whether this is the request to be held."""
        if self._came.is_set() or self._open.is_set() or not self._matches(request):
            return False
        self._came.set()
        return True

    def wait(self) -> None:
        """Wait, in the thread of the request, until it is let go."""
        self._open.wait()

    def reached(self) -> bool:
        """Return whether the request has come."""
        return self._came.is_set()

    def open(self) -> None:
        """Let the request go, and hold none from now on."""
        self._open.set()


class Holds(Generic[Request]):
    """What a server holds."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._held: list[Once[Request]] = []

    def add(self, held: Once[Request]) -> None:
        with self._turn:
            self._held.append(held)

    def take(self, request: Request) -> Once[Request] | None:
        """Return what holds this request; None if it may go by."""
        with self._turn:
            return next((held for held in self._held if held.take(request)), None)

    def open(self) -> None:
        """Let all of them go."""
        with self._turn:
            for held in self._held:
                held.open()
            self._held.clear()

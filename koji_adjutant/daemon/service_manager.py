"""Telling systemd how the daemon is doing, where it was started with Type=notify (sd_notify(3))."""

from __future__ import annotations

import logging
import socket
from collections.abc import MutableMapping

logger = logging.getLogger(__name__)

VARIABLE = "NOTIFY_SOCKET"


class ServiceManager:
    """Whoever started the daemon and wants to know; nobody, where there is no such variable.

    It is taken out of the environment: podman gives its containers the socket that it finds there.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._environ = environ
        self._address = environ.pop(VARIABLE, "")
        self._said = ""

    def ready(self) -> None:
        """Say that the daemon is at work."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """Say that it ends its tasks, which may take a while."""
        self._tell("STOPPING=1\nSTATUS=Ending")

    def status(self, sentence: str) -> None:
        """Say what it does, for ``systemctl status``, if that is news."""
        if sentence != self._said:
            self._said = sentence
            self._tell(f"STATUS={sentence}")

    def hand_over(self) -> None:
        """Put back what the program needs that will be started in place of this one."""
        if self._address:
            self._environ[VARIABLE] = self._address

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
                connection.sendto(message.encode(errors="replace"), address)
        except OSError as problem:
            logger.warning("The service manager at %s was not told: %s", self._address, problem)

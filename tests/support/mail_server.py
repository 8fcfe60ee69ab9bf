"""A real SMTP server on this machine, for tests of what sends mail."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.waiting import PATIENCE


@dataclass(frozen=True)
class Mail:
    """One message as the server got it; ``login`` is who sent it, ``encrypted`` how it came."""

    recipients: tuple[str, ...]
    raw: bytes
    login: str | None
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """``refused`` are addresses that it does not take mail for."""

    address: str = ""
    mails: list[Mail] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    # names and signatures are aiosmtpd's
    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        login = session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else None
        self.mails.append(
            Mail(tuple(envelope.rcpt_tos), envelope.content, login, encrypted=session.ssl is not None)
        )
        return "250 OK"


class _FreePortController(Controller):
    """Learns which port the system gave it before it makes sure that it can be reached."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def serve_mail(login: tuple[str, str] | None = None, certificate: Path | None = None) -> Iterator[MailServer]:
    """A server on a free port. With ``login`` (user, password) it takes mail only from who logs in; with a
    ``certificate`` it offers STARTTLS, and lets nobody log in before."""
    server = MailServer()
    options: dict[str, Any] = {"ready_timeout": PATIENCE}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options["tls_context"] = context

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        good = login is not None and (given.login.decode(), given.password.decode()) == login
        return AuthResult(success=good, handled=False, auth_data=given if good else None)

    if login:
        options |= {"authenticator": check, "auth_required": True}
        options["auth_require_tls"] = certificate is not None
    controller = _FreePortController(server, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        server.address = f"127.0.0.1:{controller.port}"
        yield server
    finally:
        controller.stop()


def make_certificate(directory: Path) -> Path:
    """A self-signed certificate, with its key in the same file."""
    path = directory / "mail.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail"]
    subprocess.run(
        [*command, "-keyout", path, "-out", directory / "cert.pem"], check=True, capture_output=True
    )
    path.write_bytes(path.read_bytes() + (directory / "cert.pem").read_bytes())
    return path

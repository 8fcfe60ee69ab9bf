"""Mail, for the notification tasks: a message that packagers' words cannot break, handed to ``smtphost``."""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from collections.abc import Iterable, Sequence
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import MailError
from koji_adjutant.text import printable

logger = logging.getLogger(__name__)

TIMEOUT = 60
"""Seconds that the mail server may take for one answer."""

HEADER_MAX = 500
"""Characters of a header that are sent."""
BODY_MAX = 1 << 20
"""Characters of a body that are sent."""

_ADDRESS = re.compile(r"[!-~]+@[!-~]+")

# Seven bits only, so that any server takes it; headers in one line, as a stock builder's, which filters match
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=990)


def compose(
    sender: str, recipients: Sequence[str], subject: str, headers: Iterable[tuple[str, str]], body: str
) -> EmailMessage:
    """Make a plain text message in UTF-8; no value can add a header or control a terminal.

    MailError for a sender that is none.
    """
    if not _holds_addresses(header_value(sender)):
        raise MailError(f"No mail can be from {sender!r}: set from_addr in kojid.conf to an address.")
    message = EmailMessage(_POLICY)
    message["From"] = header_value(sender)
    message["Subject"] = header_value(subject)
    message["To"] = ", ".join(recipients)
    for name, value in headers:
        message[name] = header_value(value)
    text = "\n".join(printable(line) for line in body[:BODY_MAX].splitlines())
    message.set_content(text + "\n", charset="utf-8")
    return message


def header_value(text: str) -> str:
    """Return one line, of what can be shown."""
    return " ".join(printable(text[:HEADER_MAX]).split())


def usable_addresses(recipients: Iterable[str]) -> list[str]:
    """Return the bare addresses, each once: users choose their own, and SMTP is lines of words."""
    usable: list[str] = []
    for given in recipients:
        address = parseaddr(given)[1] if given.isprintable() else ""
        if not (_ADDRESS.fullmatch(address) and _holds_addresses(address)):
            logger.warning("No mail to %r: this is not an address", given)
        elif address not in usable:
            usable.append(address)
    return usable


def _holds_addresses(text: str) -> bool:
    """Return whether Python can write it into a header of addresses, and reads whole ones in it.

    On some texts its parser trips; from 3.14 on it makes addresses without a name or a domain of them.
    """
    message = EmailMessage(_POLICY)
    try:
        message["To"] = text
        message.as_bytes()
        addresses = message["To"].addresses
    except (IndexError, AttributeError, TypeError, ValueError, MessageError):
        return False
    return all(address.username and (address.domain or "@" not in text) for address in addresses)


def send(options: KojidOptions, message: EmailMessage, recipients: Sequence[str]) -> None:
    """Hand the message to kojid.conf's ``smtphost``, which may be ``host:port``.

    As kojid: with ``smtp_user`` and ``smtp_pass`` both set the worker logs in. Where the server offers
    STARTTLS they go through it. The server's certificate is not checked: who can put himself between could
    take the offer away as well.
    MailError if the server cannot be reached, or refuses the login, the message or every recipient.
    """
    try:
        with smtplib.SMTP(options.smtphost, timeout=TIMEOUT) as server:
            if options.smtp_user is not None and options.smtp_pass is not None:
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls(context=_unchecked_tls())
                server.login(options.smtp_user, options.smtp_pass)
            refused = server.sendmail(options.from_addr, list(recipients), message.as_bytes())
    except (smtplib.SMTPException, OSError, UnicodeError) as problem:
        raise MailError(
            f"The mail server {options.smtphost} did not take the notification ({problem}): check smtphost, "
            "from_addr, smtp_user and smtp_pass in kojid.conf."
        ) from problem
    for address, answer in refused.items():
        logger.warning("The mail server refused the recipient %s: %s", address, answer)


def _unchecked_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

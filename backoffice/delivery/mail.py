"""Sending one e-mail over SMTP (RFC 5321, RFC 5322)."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from backoffice.domain.errors import GiveUp, TryLater

TIMEOUT = 20  # seconds for each step of the conversation


class _WholeSubjects(EmailPolicy):
    """The standard policy loses the space between two words of a long subject that is not ASCII where it begins a new encoded word."""

    def fold(self, name: str, value: Any) -> str:
        """Subjects through ``Header``, which keeps spaces inside the encoded words."""
        if name.lower() != "subject" or str(value).isascii():
            return super().fold(name, value)
        return f"{name}: {Header(str(value), 'utf-8', header_name=name).encode(linesep=self.linesep)}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        """The same as bytes."""
        return self.fold(name, value).encode("ascii", "surrogateescape")


def send(
    smtp_url: str, *, sender: str, recipient: str, subject: str, text: str, html: str, message_id: str, written_at: datetime
) -> None:
    """Deliver one message. ``smtp_url`` is smtp://, smtp+starttls:// or smtps://[user:password@]host:port.

    ``TryLater`` for a 4xx answer or a broken connection, ``GiveUp`` for a 5xx answer. The Message-ID stays the same over retries, so that a
    message delivered twice after a kill is one message to every mail reader.
    """
    message = EmailMessage(_WholeSubjects())
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message["Date"], message["Message-ID"] = format_datetime(written_at), message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    parts = urlsplit(smtp_url)
    try:
        with _connect(parts.scheme, parts.hostname or "localhost", parts.port) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise (GiveUp if code >= 500 else TryLater)(f"{code} {words!r}") from error
    except smtplib.SMTPResponseException as error:
        raise (GiveUp if error.smtp_code >= 500 else TryLater)(f"{error.smtp_code} {error.smtp_error!r}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise TryLater(str(error) or type(error).__name__) from error


def _connect(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port or 25, timeout=TIMEOUT)
    if scheme == "smtp+starttls":
        server.starttls(context=ssl.create_default_context())
    return server

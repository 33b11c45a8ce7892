"""The mail catcher of ``make run``: a real SMTP server that keeps every letter as a file instead of passing it on.

``python -m backoffice.delivery.catcher FD FOLDER`` serves a listening socket it inherited until SIGTERM. A letter's id is made of its
Message-ID, so that one delivered twice after a kill is one letter, as in every mail reader.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import signal
import socket
import sys
import threading
from asyncio import AbstractServer
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LONGEST = 32 * 1024 * 1024  # bytes of one letter
_ID = re.compile(r"[0-9a-f]{24}")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Caught:
    """One letter, as a list and a page show it."""

    id: str
    written_at: datetime
    sender: str
    recipient: str
    subject: str
    text: str
    html: str


def messages(folder: Path, *, limit: int = 500) -> list[Caught]:
    """The newest letters, newest first; empty when nothing was ever caught."""
    if not folder.is_dir():
        return []
    found = [_parse(path) for path in folder.glob("*.eml")]
    return sorted(found, key=lambda caught: (caught.written_at, caught.id), reverse=True)[:limit]


def message(folder: Path, letter_id: str) -> Caught | None:
    """One letter; None when there is none of this id."""
    path = folder / f"{letter_id}.eml"
    return _parse(path) if _ID.fullmatch(letter_id) and path.is_file() else None


def keep(folder: Path, content: bytes) -> str:
    """Store one letter, whole or not at all; its id."""
    parsed = message_from_bytes(content, policy=policy.default)
    letter_id = hashlib.sha256(str(parsed["message-id"] or content).encode()).hexdigest()[:24]
    fresh = folder / f".{letter_id}.{secrets.token_hex(4)}"
    fresh.write_bytes(content)
    fresh.replace(folder / f"{letter_id}.eml")
    return letter_id


def _parse(path: Path) -> Caught:
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    return Caught(
        id=path.stem,
        written_at=_written(parsed),
        sender=str(parsed["from"] or ""),
        recipient=str(parsed["to"] or ""),
        subject=str(parsed["subject"] or ""),
        text=_body(parsed, "plain"),
        html=_body(parsed, "html"),
    )


def _written(parsed: EmailMessage) -> datetime:
    try:
        when = parsedate_to_datetime(str(parsed["date"]))
    except ValueError:
        return _NEVER
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _body(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


class _Keeper:
    """What aiosmtpd hands letters to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        keep(self.folder, envelope.original_content or b"")
        return "250 kept"


class _OnSocket(Controller):
    """A controller of a socket that listens already, so that nobody can take its port before."""

    def __init__(self, handler: _Keeper, listening: socket.socket) -> None:
        host, port = listening.getsockname()
        super().__init__(handler, hostname=host, port=port, data_size_limit=LONGEST, decode_data=False)
        self._listening = listening

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)


def controller(listening: socket.socket, folder: Path) -> Controller:
    """A server in a thread of its own, to be started and stopped; it closes the socket in the end."""
    return _OnSocket(_Keeper(folder), listening)


def main(arguments: Sequence[str]) -> None:
    """Serve until SIGTERM or SIGINT."""
    descriptor, folder = arguments
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    server = controller(socket.socket(fileno=int(descriptor)), Path(folder))
    server.start()
    over.wait()
    server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])

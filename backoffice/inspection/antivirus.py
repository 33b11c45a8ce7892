"""clamd, through one adapter that is right under threads (M4).

One client per call, because the ``clamd`` package keeps its socket on the client. On the same host the file's descriptor is handed over
(FILDES: no rights, no copy), otherwise the bytes are streamed in chunks of 1 MB. Only the exact reply ``…: OK`` counts as scanned; every other
outcome is a threat by name or ``Unscanned``, which says whether trying again can help.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import clamd

from backoffice.domain.sentences import spoken

CHUNK = 1 << 20
CONNECT_SECONDS = 5.0
REPLY_SECONDS = 360.0  # of silence while it scans; a little more than its own MaxScanTime
_FOUND = re.compile(r"^(?P<path>.*?): (?P<name>\S+)(?:\(\w+:\d+\))? FOUND$")
_SHORT = 65_536


class Unscanned(Exception):  # noqa: N818  (the file was not scanned)
    """The antivirus did not look. ``retry``: whether it may later, with the same file. ``reason`` is for people (``sentences.spoken``)."""

    def __init__(self, reason: str, *, retry: bool) -> None:
        super().__init__(spoken(reason, "en"))
        self.reason, self.retry = reason, retry


@dataclass(frozen=True, slots=True)
class Answer:
    """What clamd said of bytes it did scan: ``rule`` is empty for OK, else the rule of checks.toml that its ``name`` falls under."""

    name: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Engine:
    """clamd's VERSION: the engine's, the signature database's number (0: none of ClamAV's own) and when that was built (UTC)."""

    version: str
    database: int
    built_at: datetime | None

    @property
    def bundled_only(self) -> bool:
        """Whether it knows only the few signatures this project brings: good for a demonstration, no protection."""
        return self.database == 0

    def __str__(self) -> str:
        return f"{self.version}/{self.database}"


class _Client(clamd.ClamdNetworkSocket):
    """The package's client for one call: unix or TCP by address, with timeouts, FILDES and large chunks."""

    def __init__(self, address: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.address = address

    @property
    def local(self) -> bool:
        return self.address.startswith("unix:")

    def _init_socket(self) -> None:
        try:
            if self.local:
                self.clamd_socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self.clamd_socket.settimeout(CONNECT_SECONDS)
                self.clamd_socket.connect(self.address.removeprefix("unix:"))
            else:
                self.clamd_socket = socket.create_connection(host_and_port(self.address), CONNECT_SECONDS)
            self.clamd_socket.settimeout(self.timeout)
        except OSError as problem:
            raise Unscanned(
                f"⟦clamd не отвечает|no clamd⟧ ({self.address}): {problem.strerror or problem}", retry=True
            ) from problem

    def open(self, command: bytes) -> None:
        self._init_socket()
        self.send(b"z" + command + b"\0")

    def send(self, data: bytes | memoryview) -> None:
        try:
            self.clamd_socket.sendall(data)
        except OSError as problem:
            # It closes the stream when it has too much of it, and says why first.
            reply = self._last_words()
            raise Unscanned(
                reply or f"⟦clamd прервал связь|clamd hung up⟧: {problem}", retry="size limit" not in reply
            ) from problem

    def _last_words(self) -> str:
        try:
            return self.clamd_socket.recv(_SHORT).rstrip(b"\0\n").decode("utf-8", "replace")
        except OSError:
            return ""

    def reply(self) -> str:
        parts: list[bytes] = []
        try:
            while chunk := self.clamd_socket.recv(_SHORT):
                parts.append(chunk)
                if chunk.endswith(b"\0"):
                    break
        except OSError as problem:
            raise Unscanned(f"⟦clamd не ответил|clamd did not answer⟧: {problem}", retry=True) from problem
        text = b"".join(parts)
        if not text.endswith(b"\0"):
            raise Unscanned("⟦clamd завершился, не ответив|clamd ended before it answered⟧", retry=True)
        return text.rstrip(b"\0\n").decode("utf-8", "replace")

    def close(self) -> None:
        self._close_socket()


def host_and_port(address: str) -> tuple[str, int]:
    """``tcp://host:port`` or ``tcp:host:port``."""
    host, _, port = address.removeprefix("tcp:").removeprefix("//").rpartition(":")
    return host.strip("[]"), int(port)


class Impatience:
    """Lets another thread give up a scan: ``give_up`` hangs up, and the scan ends as ``Unscanned``."""

    def __init__(self) -> None:
        self._client: _Client | None = None
        self.lost = False

    def watch(self, client: _Client) -> None:
        """Remember whose line to cut."""
        self._client = client

    def give_up(self) -> None:
        """Hang up now. Harmless when the scan is over."""
        self.lost = True
        with contextlib.suppress(AttributeError, OSError):
            if self._client is not None:
                self._client.clamd_socket.shutdown(socket.SHUT_RDWR)


def scan(path: Path, *, address: str, timeout: float = REPLY_SECONDS, impatience: Impatience | None = None) -> Answer:
    """Scan one file. ``Unscanned`` unless clamd said what it thinks of it."""
    with path.open("rb") as file:
        client = _Client(address, timeout)
        if impatience is not None:
            impatience.watch(client)
        if not client.local:
            return _streamed(file, address=address, timeout=timeout)
        try:
            client.open(b"FILDES")
            _hand_over(client, file.fileno())
            return _understood(client.reply())
        finally:
            _closed(client)


def _hand_over(client: _Client, fd: int) -> None:
    try:
        socket.send_fds(client.clamd_socket, [b"\0"], [fd])
    except OSError as problem:
        raise Unscanned(f"⟦clamd прервал связь|clamd hung up⟧: {problem}", retry=True) from problem


def _streamed(file: Any, *, address: str, timeout: float) -> Answer:
    stream = Stream(address, timeout=timeout)
    try:
        while chunk := file.read(CHUNK):
            stream.write(chunk)
        return stream.answer()
    finally:
        stream.close()


class Stream:
    """Bytes that have no file, sent as they come (INSTREAM). One call's worth: write, then ``answer`` once, then ``close``."""

    def __init__(self, address: str, *, timeout: float = REPLY_SECONDS) -> None:
        self._client = _Client(address, timeout)
        try:
            self._client.open(b"INSTREAM")
        except Unscanned:
            self.close()
            raise

    def write(self, chunk: bytes) -> None:
        """Send some bytes; nothing for none, because an empty chunk would end the stream."""
        for start in range(0, len(chunk), CHUNK):
            piece = memoryview(chunk)[start : start + CHUNK]
            self._client.send(struct.pack("!L", len(piece)))
            self._client.send(piece)

    def answer(self) -> Answer:
        """End the stream and wait for the verdict."""
        self._client.send(struct.pack("!L", 0))
        return _understood(self._client.reply())

    def close(self) -> None:
        """Hang up."""
        _closed(self._client)


def _closed(client: _Client) -> None:
    if hasattr(client, "clamd_socket"):
        client.close()


def _understood(reply: str) -> Answer:
    if re.fullmatch(r"[^:]*: OK", reply):
        return Answer()
    found = _FOUND.match(reply)
    if found is None:
        raise Unscanned(f"⟦ответ clamd|clamd said⟧: {reply[:200]}", retry="size limit" not in reply.lower())
    name = found["name"]
    return Answer(name, rule_of(name))


def rule_of(name: str) -> str:
    """Under which rule a signature's name falls. ClamAV's heuristics are opinions on structure, not viruses."""
    plain = name.removesuffix(".UNOFFICIAL")
    for start, rule in (
        ("Heuristics.Limits.Exceeded", "antivirus.limits"),
        ("Heuristics.Encrypted", "antivirus.encrypted"),
        ("Heuristics.OLE2.ContainsMacros", "antivirus.macros"),
        ("Heuristics.", "antivirus.suspicious"),
        ("PUA.", "antivirus.suspicious"),
    ):
        if plain.startswith(start):
            return rule
    return "antivirus.virus"


def engine(address: str, *, timeout: float = 10.0) -> Engine:
    """clamd's version and its database's age. ``Unscanned`` when it is not there."""
    client = _Client(address, timeout)
    try:
        client.open(b"VERSION")
        return _engine(client.reply())
    finally:
        _closed(client)


def _engine(reply: str) -> Engine:
    program, _, rest = reply.removeprefix("ClamAV ").partition("/")
    number, _, built = rest.partition("/")
    if not program or "ERROR" in reply:
        raise Unscanned(f"⟦ответ clamd|clamd said⟧: {reply[:200]}", retry=True)
    return Engine(program, int(number) if number.isdigit() else 0, _built_at(built))


def _built_at(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def protection(address: str) -> tuple[str, datetime | None, bool]:
    """For the warning on staff pages and for /healthz: clamd's version, the signatures' date, and whether it knows only the bundled few."""
    found = engine(address)
    return str(found), found.built_at, found.bundled_only

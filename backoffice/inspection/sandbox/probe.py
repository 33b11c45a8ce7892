"""What a client's browser would meet: which ports of a network namespace answer HTTP, and what stands there. Runs boxed, inside it.

``python -m backoffice.inspection.sandbox.probe SECONDS PORT…`` prints one JSON array. All ports are asked at once.
Every answer is untrusted: bounded in bytes and time.
"""

from __future__ import annotations

import html
import json
import re
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial

BYTES = 262_144
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class Answer:
    """One port. ``status`` 0: it accepted but did not speak HTTP (``spoke``: it said something), or did not accept (``open`` False)."""

    port: int
    open: bool = False
    spoke: bool = False
    status: int = 0
    title: str = ""
    server: str = ""
    location: str = ""
    jupyter: str = ""  # its version


def ask(port: int, path: str, seconds: float) -> tuple[bool, bytes]:
    """Whether the port accepts, and what it says to a plain GET within the seconds."""
    until = time.monotonic() + seconds
    request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: mlplace-probe\r\nAccept: text/html,*/*\r\nConnection: close\r\n\r\n"
    for host in ("127.0.0.1", "::1"):
        with suppress(OSError), socket.create_connection((host, port), timeout=seconds) as stream:
            said = b""
            with suppress(OSError):
                stream.sendall(request.encode())
                while len(said) < BYTES and time.monotonic() < until and not _whole(said):
                    stream.settimeout(max(0.1, until - time.monotonic()))
                    chunk = stream.recv(65_536)
                    if not chunk:
                        break
                    said += chunk
            return True, said
    return False, b""


def _whole(said: bytes) -> bool:
    head, gap, body = said.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d{1,12})", head, re.IGNORECASE)
    return bool(gap and length and len(body) >= int(length[1]))


def look(port: int, seconds: float) -> Answer:
    """The start page of one port, and whether it is Jupyter."""
    answer = Answer(port)
    answer.open, said = ask(port, "/", seconds)
    answer.spoke = bool(said)
    status = STATUS.match(said)
    if not status:
        return answer
    answer.status = int(status[1])
    head, _, body = said.partition(b"\r\n\r\n")
    answer.server, answer.location = _header(head, "server"), _header(head, "location")
    answer.title = _title(body)
    if answer.status < 500:
        answer.jupyter = _jupyter(port, seconds)
    return answer


def _header(head: bytes, name: str) -> str:
    found = re.search(rf"^{name}:[ \t]*([^\r\n]*)".encode(), head, re.IGNORECASE | re.MULTILINE)
    return found[1].decode("latin-1")[:300] if found else ""


def _title(body: bytes) -> str:
    found = TITLE.search(body.decode("utf-8", "replace"))
    return " ".join(html.unescape(found[1]).split())[:200] if found else ""


def _jupyter(port: int, seconds: float) -> str:
    """Jupyter tells its version at ``/api`` without a token."""
    _, said = ask(port, "/api", seconds)
    with suppress(ValueError, AttributeError, TypeError):
        if STATUS.match(said) and said[9:12] == b"200":
            return str(json.loads(said.partition(b"\r\n\r\n")[2])["version"])[:40]
    return ""


def main(seconds: float, ports: list[int]) -> None:
    """Ask all at once, so that one silent port does not keep the others waiting."""
    with ThreadPoolExecutor(max_workers=max(1, len(ports))) as pool:
        sys.stdout.write(json.dumps([asdict(answer) for answer in pool.map(partial(look, seconds=seconds), ports)]))


if __name__ == "__main__":
    main(float(sys.argv[1]), [int(port) for port in sys.argv[2:]])

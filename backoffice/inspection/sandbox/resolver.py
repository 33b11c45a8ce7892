"""A name server that knows no names: it refuses every question and remembers it. Runs boxed, inside the demo's network namespace (M6).

``python -m backoffice.inspection.sandbox.resolver`` prints ``ready``, refuses until its standard input ends, and then prints one JSON object:
the names asked for and how often. Everything it hears is untrusted and bounded; it is UDP only, as the first try of every resolver is.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys

ADDRESS = ("127.0.0.53", 53)
NAMES = 100  # kept; further ones are only refused
QUESTIONS = 10_000  # heard; then it falls silent, so that a flood costs no CPU
REFUSED = 5
HEAD = struct.Struct(">HHHHHH")


def question(message: bytes) -> tuple[str, int] | None:
    """The name asked for, in lower case and printable, and where the question ends; None when it cannot be read."""
    labels, at = [], HEAD.size
    while at < len(message) and 0 < message[at] < 64:
        label = message[at + 1 : at + 1 + message[at]]
        labels.append("".join(chr(byte) if 32 < byte < 127 and byte != 46 else f"\\{byte:03}" for byte in label))
        at += 1 + message[at]
    name = ".".join(labels).lower()
    end = at + 5  # the root label, the type and the class
    whole = at < len(message) and message[at] == 0 and end <= len(message)
    return (name, end) if whole and 0 < len(name) < 1000 else None


def refusal(message: bytes, end: int) -> bytes:
    """The answer: the question again, refused."""
    number, flags, *_ = HEAD.unpack_from(message)
    return HEAD.pack(number, 0x8000 | flags & 0x7900 | REFUSED, 1, 0, 0, 0) + message[HEAD.size : end]


def is_reverse(name: str) -> bool:
    """Whether an address's name is wanted: servers ask for their own at start, which reaches out to nobody."""
    return name.endswith((".in-addr.arpa", ".ip6.arpa"))


def listen(server: socket.socket) -> dict[str, int]:
    """Refuse until standard input ends. Both families of one lookup come from one port and count once."""
    asked: dict[str, set[int]] = {}
    for _ in range(QUESTIONS):
        ready, _, _ = select.select([sys.stdin, server], [], [])
        if sys.stdin in ready:
            break
        message, (_, port) = server.recvfrom(4096)
        found = question(message)
        if found is None:
            continue
        name, end = found
        server.sendto(refusal(message, end), (ADDRESS[0], port))
        if not is_reverse(name) and (name in asked or len(asked) < NAMES):
            asked.setdefault(name, set()).add(port)
    return {name: len(ports) for name, ports in asked.items()}


def main() -> None:
    """Serve, then tell."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(ADDRESS)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        asked = listen(server)
    sys.stdin.read()
    sys.stdout.write(json.dumps(asked))


if __name__ == "__main__":
    main()

"""Passes bytes between a build and the operator's proxy, and remembers where each connection first asked to go. Runs boxed (M6).

``python -m backoffice.inspection.sandbox.relay FD HOST PORT`` accepts on the socket FD, which was made in the build's network namespace, and
connects to the proxy from outside of it. It prints ``ready``, passes until its standard input ends, and then prints one JSON object: the
places asked for and how often. What passes is untrusted; only the first line of a connection is looked at.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections import Counter
from contextlib import suppress

ADDRESS = ("127.0.0.1", 3128)  # in the build's namespace
AWAY = ""  # among the places: how often the proxy itself could not be reached
PLACES = 100  # kept
OPEN = 64  # connections at a time; a further one waits for its turn
CHUNK = 65_536
PATIENCE = 30.0  # seconds for the first line, and for the proxy to accept
TARGET = re.compile(rb"[A-Z]{3,10} (?:http://)?([\w.:\[\]-]{1,300}[\w\]])[/ ]")


def target(line: bytes) -> str:
    """``host:port`` of a proxy request's first line (RFC 9110, 7.1 and 9.3.6); "?" when it is none."""
    found = TARGET.match(line)
    return found[1].decode("ascii").lower() if found else "?"


class Relay:
    """What passes, and what is remembered of it."""

    def __init__(self, host: str, port: int) -> None:
        self.proxy = (host, port)
        self.places: Counter[str] = Counter()
        self.turns = asyncio.Semaphore(OPEN)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the build, from its first line to its end."""
        async with self.turns:
            with suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
                line = await asyncio.wait_for(reader.readuntil(b"\n"), PATIENCE)
                await self._pass(line, reader, writer)
            writer.close()

    async def _pass(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = target(line)
        if place in self.places or len(self.places) < PLACES:
            self.places[place] += 1
        try:
            answers, asks = await asyncio.wait_for(asyncio.open_connection(*self.proxy), PATIENCE)
        except (OSError, TimeoutError):
            self.places[AWAY] += 1
            return
        asks.write(line)
        try:
            await asyncio.gather(_pump(reader, asks), _pump(answers, writer))
        finally:
            asks.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Everything that comes, and then the end."""
    while chunk := await source.read(CHUNK):
        sink.write(chunk)
        await sink.drain()
    sink.write_eof()


async def main(listener: socket.socket, host: str, port: int) -> None:
    """Pass, then tell."""
    relay = Relay(host, port)
    server = await asyncio.start_server(relay.accept, sock=listener, limit=CHUNK)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    sys.stdout.write(json.dumps(relay.places))


if __name__ == "__main__":
    asyncio.run(main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2], int(sys.argv[3])))

"""Boxed programs that listen in a network namespace and tell at their end what was asked of them: the outside half of both (M6).

``resolver.py`` refuses every lookup of a name; ``relay.py`` passes a build's bytes to the operator's proxy.
"""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from backoffice.inspection.sandbox import box, netns, relay, resolver
from backoffice.inspection.sandbox.client import Infrastructure

PATIENCE = 30.0  # seconds until it must be ready, and until it must have told
MOST = 1 << 18  # bytes of what it tells
MEMORY = 1 << 30


@dataclass(slots=True)
class Witness:
    """Such a program. ``names`` ends it."""

    process: subprocess.Popen[bytes]
    most: int  # names
    told: dict[str, int] | None = None

    def ready(self) -> None:
        """Wait until it listens. ``Infrastructure`` when it does not: attempts would go unseen."""
        out = self.process.stdout
        if out is None or not select.select([out], [], [], PATIENCE)[0] or out.readline() != b"ready\n":
            raise Infrastructure("engine_failed", "witness")

    def names(self) -> dict[str, int]:
        """Everything asked for until now, and how often. What comes out of the box is not trusted."""
        if self.told is None:
            self.told = {}
            with suppress(subprocess.TimeoutExpired, ValueError, AttributeError, OSError):
                said, _ = self.process.communicate(timeout=PATIENCE)
                rows = json.loads(said[:MOST]).items()
                self.told = {str(name): int(times) for name, times in list(rows)[: self.most]}
        return self.told


@contextmanager
def refusing(pid: int) -> Iterator[Witness]:
    """Refuse every lookup in the network namespace of ``pid`` while the block runs."""
    walls = box.Box(network=True, memory=MEMORY, seconds=30)
    command = netns.inside(pid, box.python("backoffice.inspection.sandbox.resolver"), walls)
    with netns.started(command, pid=pid, stdin=subprocess.PIPE) as process:
        yield Witness(process, resolver.NAMES)


@contextmanager
def relaying(pid: int, proxy: str, *, seconds: int) -> Iterator[Witness]:
    """A way from the namespace of ``pid`` to one place outside, the proxy ``http://host:port``, for at most so many seconds of CPU."""
    place = urlsplit(proxy)
    try:
        host, port = place.hostname, place.port
    except ValueError:
        host = port = None
    if place.scheme != "http" or not host or not port:
        raise Infrastructure("proxy_failed", f"build_proxy = {proxy!r}")
    with netns.listener(pid, relay.ADDRESS) as door:
        walls = box.Box(network=True, memory=MEMORY, seconds=seconds)
        command = box.boxed(box.python("backoffice.inspection.sandbox.relay", str(door.fileno()), host, str(port)), walls)
        with netns.started(command, pid=pid, stdin=subprocess.PIPE, keep=[door.fileno()]) as process:
            yield Witness(process, relay.PLACES + 1)

"""Which names a demo asked for: the outside half of ``resolver.py``, for as long as the containers run (M6)."""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from backoffice.inspection.sandbox import box, netns, resolver
from backoffice.inspection.sandbox.client import Infrastructure

PATIENCE = 30.0  # seconds until it must be ready, and until it must have told
MOST = 1 << 18  # bytes of what it tells


@dataclass(slots=True)
class Lookups:
    """A name server in a namespace that refuses everything. ``names`` ends it."""

    process: subprocess.Popen[bytes]
    told: dict[str, int] | None = None

    def ready(self) -> None:
        """Wait until it listens. ``Infrastructure`` when it does not: lookups would go unseen."""
        out = self.process.stdout
        if out is None or not select.select([out], [], [], PATIENCE)[0] or out.readline() != b"ready\n":
            raise Infrastructure("engine_failed", "resolver")

    def names(self) -> dict[str, int]:
        """Every name asked for until now, and how often. What comes out of the box is not trusted."""
        if self.told is None:
            self.told = {}
            with suppress(subprocess.TimeoutExpired, ValueError, AttributeError, OSError):
                said, _ = self.process.communicate(timeout=PATIENCE)
                rows = json.loads(said[:MOST]).items()
                self.told = {str(name): int(times) for name, times in list(rows)[: resolver.NAMES]}
        return self.told


@contextmanager
def refused(pid: int) -> Iterator[Lookups]:
    """Refuse every lookup in the network namespace of ``pid`` while the block runs."""
    walls = box.Box(network=True, memory=1 << 30, seconds=30)
    command = netns.inside(pid, box.python("backoffice.inspection.sandbox.resolver"), walls)
    with netns.started(command, pid=pid, stdin=subprocess.PIPE) as process:
        yield Lookups(process)

"""Where a service may write, as the kernel counts it: what of it was full when the service ended (M6).

What ends takes its mounts with it. A door that was opened while it ran keeps them, with all that was written there, until it is closed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

DOOR = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Space:
    """A place of a service that holds at most ``limit`` bytes; ``door`` is our descriptor of it."""

    place: str
    limit: int
    door: int

    def full(self) -> bool:
        """Whether not a byte more goes in."""
        return os.fstatvfs(self.door).f_bfree == 0


@contextmanager
def opened(pid: int, limits: Mapping[str, int]) -> Iterator[list[Space]]:
    """Doors to the places of the process ``pid``, by their limits in bytes, while the block runs; without those that cannot be opened."""
    with ExitStack() as doors:
        found: list[Space] = []
        for place, limit in limits.items():
            with contextlib.suppress(OSError):
                door = _open(pid, place)
                doors.callback(os.close, door)
                if 0 <= _size(door) - limit < os.sysconf("SC_PAGESIZE"):  # another mount, or none: it says nothing of this limit
                    found.append(Space(place, limit, door))
        yield found


def _size(door: int) -> int:
    facts = os.fstatvfs(door)
    return facts.f_blocks * facts.f_frsize


def _open(pid: int, place: str) -> int:
    """Step by step: a link in the author's image leads to nothing of ours."""
    door = os.open(f"/proc/{pid}/root", DOOR & ~os.O_NOFOLLOW)
    for part in PurePosixPath(place).parts[1:]:
        try:
            inner = os.open(part, DOOR, dir_fd=door)
        finally:
            os.close(door)
        door = inner
    return door

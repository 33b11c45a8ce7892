"""How much memory a process and all below it really hold, and a watch that ends them past a limit (the issue's 300 MB a check).

A limit of address space says little: libraries reserve far more than they touch. So the pages themselves are counted, twenty times a second; the
address space stays limited besides, which bounds what can be touched between two looks. Pages of mapped files are not counted: the kernel takes
them back when it wants. The jail leaves no other place for memory: it cannot write to a file system in memory, nor make a file there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

EVERY = 0.05  # seconds
_COUNTED = ("RssAnon", "RssShmem", "VmSwap")


def descendants(pid: int) -> list[int]:
    """The processes below this one. Those that end meanwhile are left out."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


def own_bytes(pid: int) -> int:
    """Anonymous and shared memory of one process, swapped out or not; 0 when it is gone."""
    with suppress(OSError):
        rows = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
        return sum(int(rows[name].split()[0]) << 10 for name in _COUNTED if name in rows)
    return 0


class Watch:
    """Calls ``beyond`` once, from a thread of its own, when ``pid`` and all below it hold more than ``most`` bytes. ``peak`` is the most seen."""

    def __init__(self, pid: int, most: int, beyond: Callable[[], None]) -> None:
        self.peak, self.exceeded = 0, False
        self._pid, self._most, self._beyond = pid, most, beyond
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.peak = max(self.peak, sum(map(own_bytes, (self._pid, *descendants(self._pid)))))
            if self.peak > self._most:
                self.exceeded = True
                self._beyond()
                return

    def stop(self) -> None:
        """No more looks."""
        self._over.set()
        self._thread.join()

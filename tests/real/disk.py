"""A small disk of its own at a folder, to be filled up: a tmpfs, which only root can mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real.needed import lacking

_STEP = 1 << 20


class Disk:
    """A mounted one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def change(self, options: str) -> None:
        """Mount options of tmpfs, such as ``size=64m`` or ``nr_inodes=1``."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.folder)], check=True)

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "filler").open("wb", buffering=0) as file:
            step = _STEP
            while step:
                try:
                    step = step // 2 if file.write(bytes(step)) < step else step
                except OSError:
                    step //= 2

    def clear(self) -> None:
        """Away with what filled it."""
        (self.folder / "filler").unlink()


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Disk]:
    """The disk at ``folder`` (made when it is not there) while the block runs."""
    if os.geteuid() != 0:
        lacking("root is needed to mount a small disk")
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

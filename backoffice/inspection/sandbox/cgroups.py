"""The control group that bounds everything an engine runs, builds included; version 1, version 2 and the hybrid of both."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PERIOD = 100_000  # microseconds of the CPU quota


def unified() -> bool:
    """Whether version 2 rules alone."""
    return (ROOT / "cgroup.controllers").exists()


def make(name: str, limits: Mapping[str, float]) -> str:
    """Make the group with the engine's limits; its path for ``--cgroup-parent``. Controllers that are missing are left out."""
    memory, pids = str(int(limits["engine_memory"])), str(int(limits["engine_pids"]))
    quota = str(int(limits["engine_cpus"] * PERIOD))
    if unified():
        _write(ROOT / "cgroup.subtree_control", "+memory +pids +cpu +io")
        wanted = {"memory.max": memory, "memory.swap.max": "0", "pids.max": pids, "cpu.max": f"{quota} {PERIOD}"}
        for file, value in wanted.items():
            _write(ROOT / name / file, value)
    else:
        for controller, file, value in (
            ("memory", "memory.limit_in_bytes", memory), ("pids", "pids.max", pids), ("cpu", "cpu.cfs_quota_us", quota),
        ):  # fmt: skip
            if (ROOT / controller).is_dir():
                _write(ROOT / controller / name / file, value)
    return f"/{name}"


def _write(path: Path, value: str) -> None:
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        path.write_text(value)


def groups(name: str) -> list[Path]:
    """The group's folders in every hierarchy."""
    tops = [ROOT] if unified() else [path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink()]
    return [top / name for top in tops if (top / name).is_dir()]


def end(name: str) -> None:
    """End every process of the group, so that nothing delays the engine's own end."""
    for group in groups(name):
        for folder in [*group.rglob("*/"), group]:
            _kill(folder)


def remove(name: str) -> None:
    """End every process of the group and remove it with its children."""
    for _ in range(100):
        found = groups(name)
        if not found:
            return
        for group in found:
            for folder in [*sorted(group.rglob("*/"), reverse=True), group]:
                _empty(folder)
        threading.Event().wait(0.02)


def _kill(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for pid in (folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _empty(folder: Path) -> None:
    _kill(folder)
    with contextlib.suppress(OSError):
        folder.rmdir()


def beside(pid: int, name: str, *, memory: int) -> list[Path]:
    """A group ``name`` beside that of a process, bounded in memory (bytes), in every hierarchy: the files a newcomer writes its number to.

    So our own prober and browser are held by the engine's limits like the demo they look at. Empty where groups cannot be made.
    """
    found: list[Path] = []
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            for controller in names.split(",") if not unified() else [""]:
                group = (ROOT / controller / path.lstrip("/")).parent / name
                if (controller in ("memory", "pids", "cpu") or (unified() and not names)) and group.parent not in (
                    ROOT,
                    ROOT / controller,
                ):
                    group.mkdir(exist_ok=True)
                    _write(group / ("memory.max" if unified() else "memory.limit_in_bytes"), str(memory))
                    found.append(group / "cgroup.procs")
    return found


def enter(files: list[Path]) -> None:
    """Put this process into groups; a group that does not take it is left out."""
    for file in files:
        with contextlib.suppress(OSError):
            file.write_text(str(os.getpid()))


def events(pid: int, file: str, key: str) -> int:
    """A counter of the group a process is in, for example how often ``pids.max`` was met (``pids.events``, ``max``); 0 when unknown."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        controller = file.partition(".")[0]
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            if names == "" or controller in names.split(","):
                top = ROOT / controller if names else ROOT
                place = top / path.lstrip("/") / file
                if place.exists():
                    table = dict(row.split() for row in place.read_text().splitlines())
                    return int(table.get(key, 0))
    return 0

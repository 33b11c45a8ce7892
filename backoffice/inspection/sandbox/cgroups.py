"""The control group that bounds everything an engine runs, builds included; version 1, version 2 and the hybrid of both."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PROC = Path("/proc")
PERIOD = 100_000  # microseconds of the CPU quota
PAIR = re.compile(r"\b([A-Za-z_]+)[ =](\d+)\b")


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


@dataclass(frozen=True, slots=True)
class Used:
    """What the group of a process used until now: bytes, seconds, counts; 0 where the kernel does not say."""

    memory_peak: int
    cpu_seconds: float
    pids_peak: int
    written: int
    met_pids: int  # times it met the limit of processes
    oom: int  # processes the kernel killed for memory


def used(pid: int, container: str) -> Used:
    """Read from the kernel's own files, of version 1 or 2; a peak that an older kernel does not keep is what there is now.

    A process that is just ending is in the root group, and its number may be another's: only a group named for the container counts.
    """
    memory, cpu, pids, blocks = (_group(pid, container, name) for name in ("memory", "cpuacct", "pids", "blkio"))
    if cpu.is_relative_to(ROOT / "cpuacct"):
        peak = _number(memory / "memory.max_usage_in_bytes")
        seconds = _number(cpu / "cpuacct.usage") / 1e9
        written = _table(blocks / "blkio.throttle.io_service_bytes_recursive").get("Write", 0)
    else:
        peak = _number(memory / "memory.peak") or _number(memory / "memory.current")
        seconds = _table(cpu / "cpu.stat").get("usage_usec", 0) / 1e6
        written = _table(blocks / "io.stat").get("wbytes", 0)
    tasks = _number(pids / "pids.peak") or _number(pids / "pids.current")
    kills = max(_table(memory / name).get("oom_kill", 0) for name in ("memory.oom_control", "memory.events"))
    return Used(peak, round(seconds, 3), tasks, written, _table(pids / "pids.events").get("max", 0), kills)


def _group(pid: int, container: str, controller: str) -> Path:
    """The folder of a container's group, in which a process of it is: in the controller's own hierarchy, or in the one of version 2."""
    found = ROOT / "nowhere"
    with contextlib.suppress(OSError, ValueError):
        for line in (PROC / str(pid) / "cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            if container not in path:
                continue
            if controller in names.split(",") and (ROOT / controller).is_dir():
                return ROOT / controller / path.lstrip("/")
            if not names:
                found = ROOT / path.lstrip("/")
    return found


def _number(file: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(file.read_text())
    return 0


def _table(file: Path) -> dict[str, int]:
    """Names and numbers ("oom_kill 1", "8:0 Write 4096", "8:0 rbytes=0 wbytes=4096"), added up over devices."""
    found: Counter[str] = Counter()
    with contextlib.suppress(OSError):
        for name, value in PAIR.findall(file.read_text()):
            found[name] += int(value)
    return found

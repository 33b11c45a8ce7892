"""How long a whole inspection takes, against clamd alone, unpacking alone and one SHA-256 pass: ``python -m tests.benchmarks.inspection``.

Ratios in one run on one machine; each measure in a process of its own. Wall clocks lie on a busy machine; processor time does not: the jail's and
clamd's tell how long two idle cores would take at best (the longer of the two, or half of both together), against clamd or unpacking alone.
The floor is the processor time of the fastest reader that merely reads the file once (``_floors.py``; of archives, unpacking); "floor at best" is
the same ratio if such a reader stood in the jail's place. One kind at its largest: ``--mib 950 --runs 1 --only 7z``; tables and HDF5 pack
their values to about a half, so ``--mib 1800 --only parquet h5``.
Memory is that of the jail with all its programs, at its highest: pages
of its own, without those of the file it reads. ``--mix 120`` measures instead how many inspections of mixed sizes fit into an hour, and how
long a small file takes beside a large one.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from backoffice.inspection import antivirus, clamd_server, memory, runner
from tests.benchmarks._files import MAKERS, MIB, content
from tests.benchmarks._floors import FLOORS

UNPACK = {".zip": ["7zz", "x", "-so"], ".gz": ["gzip", "-dc"], ".7z": ["7zz", "x", "-so"]}
SMALL = 15  # inspections of a small file for one median


def hashed(path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(MIB):
            digest.update(chunk)


def unpacked(path: Path) -> None:
    """By the usual tool; a format that is no archive is read once."""
    if path.suffix not in UNPACK:
        hashed(path)
        return
    with Path("/dev/null").open("wb") as nowhere:
        subprocess.run([*UNPACK[path.suffix], str(path)], check=True, stdout=nowhere, stderr=subprocess.DEVNULL)


def measured(act: Callable[[], object], runs: int) -> float:
    """The median of ``runs``, in seconds."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        act()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _ticks(pid: int) -> float:
    """Processor time of a running process and its threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _spent() -> float:
    """Processor time of this process and of all it waited for."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


class Descendants:
    """Processor time of all processes below this one, as they were last seen: bubblewrap does not wait for what it started."""

    def __init__(self) -> None:
        self._seen: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(memory.EVERY):
            for pid in memory.descendants(os.getpid()):
                with suppress(OSError):
                    self._seen[pid] = _ticks(pid)

    def seconds(self) -> float:
        """Until now; no more looks."""
        self._over.set()
        self._thread.join()
        return sum(self._seen.values())


def processor(act: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds that ``clock`` goes on by."""
    before = clock()
    act()
    return clock() - before


def inspected(path: Path, slot: str, address: str) -> None:
    """In this process of its own, so that the memory is this file's: prints JSON."""
    started = time.perf_counter()
    below, before = Descendants(), time.process_time()
    watch = memory.Watch(os.getpid(), sys.maxsize, lambda: None)
    seen = runner.inspect(path, slot=slot, name=path.name, antivirus=address)
    watch.stop()
    seconds = time.perf_counter() - started
    worker = memory.own_bytes(os.getpid())
    told = {
        "seconds": seconds,
        "cpu": below.seconds() + time.process_time() - before,
        "jail": (watch.peak - worker) >> 20,
        "worker": worker >> 20,
        "verdict": seen.verdict,
    }
    print(json.dumps(told | {"rules": sorted({finding.rule for finding in seen.findings})}))


def row(kind: str, path: Path, slot: str, clamd: clamd_server.Server, runs: int) -> str:
    whole = []
    before = _ticks(clamd.process.pid)
    for _ in range(runs):
        command = [sys.executable, "-m", __spec__.name, "--one", str(path), slot, clamd.address]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        whole.append(json.loads(done.stdout))
    clam_within = (_ticks(clamd.process.pid) - before) / runs
    seconds, cpu = (statistics.median(one[what] for one in whole) for what in ("seconds", "cpu"))
    clam = measured(lambda: antivirus.scan(path, address=clamd.address), runs)
    clam_cpu = processor(lambda: antivirus.scan(path, address=clamd.address), lambda: _ticks(clamd.process.pid))
    alone, digest = measured(lambda: unpacked(path), runs), measured(lambda: hashed(path), runs)
    alone_cpu = processor(lambda: unpacked(path), _spent)
    floor = processor(lambda: FLOORS.get(kind, unpacked)(path), _spent)
    slower = max(clam_cpu, alone_cpu, 0.01)
    best = max(cpu, clam_cpu, (cpu + clam_within) / 2) / slower
    floor_best = max(floor, clam_cpu, (floor + clam_cpu) / 2) / slower
    last = whole[-1]
    return (
        f"| {kind} | {path.stat().st_size / MIB:.1f} | {seconds:.2f} | {clam:.2f} | {alone:.2f} | {digest:.2f} | {seconds / max(clam, alone):.2f} "
        f"| {cpu:.2f} | {clam_within:.2f} | {clam_cpu:.2f} | {best:.2f} | {floor:.2f} | {cpu / max(floor, 0.01):.1f} | {floor_best:.2f} "
        f"| {last['jail']} | {last['worker']} | {last['verdict']} {', '.join(last['rules'])} |"
    )


def mix(folder: Path, address: str, seconds: float, mib: int) -> None:
    """Two workers for files up to 64 MiB and one for larger ones, as Procfile has them; then a small file alone and beside a large one."""
    made = {name: MAKERS[name] for name in ("small zip", "zip", "csv", "pickle")}
    small = made["small zip"].make(folder, 0)
    middle = []
    for name, size in (("zip", 16), ("csv", 8), ("pickle", 32)):
        (folder / name).mkdir()
        content(folder / name / "content", size)
        middle.append((made[name].make(folder / name, size), made[name].slot))
    (folder / "large").mkdir()
    content(folder / "large" / "content", mib)
    large = made["zip"].make(folder / "large", mib)
    until, counts = time.monotonic() + seconds, [0, 0]

    def work(which: int, files: list[tuple[Path, str]]) -> None:
        for path, slot in itertools.cycle(files):
            if time.monotonic() > until:
                return
            runner.inspect(path, slot=slot, name=path.name, antivirus=address)
            counts[which] += 1

    mixed = [(small, "data_example")] * 9 + middle
    with ThreadPoolExecutor(3) as pool:
        waiting = [
            pool.submit(work, 0, mixed),
            pool.submit(work, 0, mixed[::-1]),
            pool.submit(work, 1, [(large, "data_example")]),
        ]
        started = time.monotonic()
        for one in waiting:
            one.result()
    hours = (time.monotonic() - started) / 3600
    print(
        f"per hour: {counts[0] / hours:.0f} up to 32 MiB (9 small, 3 of 8-32 MiB in turn) beside {counts[1] / hours:.0f} of {mib} MiB"
    )

    def one_small() -> None:
        runner.inspect(small, slot="data_example", name=small.name, antivirus=address)

    alone = measured(one_small, SMALL)
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(runner.inspect, large, slot="data_example", name=large.name, antivirus=address)
        beside = []
        while not busy.done() or not beside:
            beside.append(measured(one_small, 1))
    print(f"a small file: {alone:.2f} s alone, {statistics.median(beside):.2f} s beside one of {mib} MiB ({len(beside)} of them)")


def main() -> None:
    """A Markdown table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=950, help="of content; uploads end at 1 GB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=MAKERS, nargs="+", default=list(MAKERS))
    parser.add_argument("--one", nargs=3)
    parser.add_argument("--mix", type=float, help="seconds")
    options = parser.parse_args()
    if options.one:
        inspected(Path(options.one[0]), *options.one[1:])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = clamd_server.start(folder / "clamd")
        try:
            if options.mix:
                mix(folder, server.address, options.mix, options.mib)
                return
            content(folder / "content", options.mib)
            print(
                "| file | MiB | inspection, s | clamd alone | unpacking | SHA-256 | ÷ slower of the two "
                "| CPU: jail, s | clamd within | clamd alone | ÷ at best | floor | jail ÷ floor | floor at best | jail, MB | worker, MB | verdict |"
            )
            print("|---" * 17 + "|")
            for kind in options.only:
                path = MAKERS[kind].make(folder, options.mib)
                print(row(kind, path, MAKERS[kind].slot, server, options.runs), flush=True)
                path.unlink()
        finally:
            server.stop()


if __name__ == "__main__":
    main()

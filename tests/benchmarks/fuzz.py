"""Mutated corpus files through the real jail, for some minutes: ``python -m tests.benchmarks.fuzz --minutes 30``.

A worker may not break, no file may take longer than the jail's clock, and no file may pass whose good twin was damaged in its structure
(``tests.benchmarks._structure`` says what that is). Each trouble is kept in ``--keep`` with the seed that made it. At the end stands, format
by format, how many of the damaged good files passed with a changed value that nobody can notice. Ends with 1 when there was any trouble.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from backoffice.inspection import rules, runner
from tests.benchmarks import _structure as structure
from tests.corpus import build

LARGEST = 2 << 20  # bytes of a file worth mutating here
LATE = 20.0  # seconds past the jail's clock that ending it and starting it may take on a busy machine


def mutated(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """One way of damaging bytes, and its name."""
    kind = chance.choice(["cut", "flip", "insert", "remove", "swap", "zeros", "grow"])
    at, length = chance.randrange(len(data)), chance.randrange(1, min(len(data), 4096) + 1)
    if kind == "cut":
        return kind, data[:at]
    if kind == "flip":
        return kind, data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    if kind == "insert":
        return kind, data[:at] + chance.randbytes(length) + data[at:]
    if kind == "remove":
        return kind, data[:at] + data[at + length :]
    if kind == "swap":
        return kind, data[:at] + data[at : at + length][::-1] + data[at + length :]
    if kind == "zeros":
        return kind, data[:at] + bytes(len(data[at : at + length])) + data[at + length :]
    return kind, data + chance.randbytes(length)


class Fuzzer:
    """Runs cases until the time is over and counts what came of them."""

    def __init__(self, corpus: Path, keep: Path, only: str) -> None:
        self.keep = keep
        self.built = [one for one in build.build(corpus) if 0 < one.path.stat().st_size <= LARGEST and only in one.id]
        self.counts: collections.Counter[str] = collections.Counter()
        self.damaged: collections.Counter[str] = collections.Counter()  # good files that really were changed, by format
        self.unnoticed: collections.Counter[str] = collections.Counter()  # those of them that passed
        self.slowest = 0.0
        self.troubles = 0
        self._twins: dict[str, runner.Inspection] = {}
        self._lock = threading.Lock()

    def one(self, seed: int) -> None:
        chance = random.Random(seed)
        built = chance.choice(self.built)
        good = built.path.read_bytes()
        kind, data = mutated(good, chance)
        tell = partial(self.trouble, seed, built.id, kind, data)
        started = time.monotonic()
        try:
            seen = self.inspected(built, data)
        except Exception:  # noqa: BLE001  (any of them is what we are looking for)
            tell(traceback.format_exc(limit=3))
            return
        took = time.monotonic() - started
        if took > rules.limits()["seconds_base"] + rules.limits()["seconds_per_mib"] * len(data) / (1 << 20) + LATE:
            tell(f"took {took:.0f} s")
        with self._lock:
            self.slowest = max(self.slowest, took)
            self.counts[str(seen.verdict)] += 1
        for finding in seen.findings:
            if finding.rule.startswith("jail.") or finding.rule == "format.unparsed":
                tell(f"{finding.rule} {dict(finding.params)}", counts=False)
        if built.case.verdict == "pass" and data != good:
            self.compare(built, seen, tell, good[len(data) :] if kind == "cut" else b"")

    def compare(self, built: build.Built, seen: runner.Inspection, tell: partial[None], lost: bytes) -> None:
        """A good file that was changed, beside its twin."""
        twin = self.twin(built)
        with self._lock:
            self.damaged[twin.detected] += 1
            self.unnoticed[twin.detected] += seen.verdict == "pass"
        if seen.verdict == "pass" and (words := structure.damage(twin, seen, lost=lost)):
            tell(words)

    def twin(self, built: build.Built) -> runner.Inspection:
        if built.id not in self._twins:
            self._twins[built.id] = self.inspected(built, built.path.read_bytes())
        return self._twins[built.id]

    def inspected(self, built: build.Built, data: bytes) -> runner.Inspection:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "upload"
            path.write_bytes(data)
            return runner.inspect(path, slot=built.case.slot, name=built.case.name, antivirus=None)

    def trouble(self, seed: int, name: str, kind: str, data: bytes, words: str, *, counts: bool = True) -> None:
        with self._lock:
            self.troubles += counts
            self.counts[words.partition(" ")[0] if not counts else "trouble"] += 1
        print(f"{'TROUBLE' if counts else 'note'} seed={seed} {name} {kind}: {words}", flush=True)
        self.keep.mkdir(parents=True, exist_ok=True)
        (self.keep / f"{seed}-{kind}-{Path(name).name}").write_bytes(data)

    def told(self) -> str:
        """One line a format: how many changed good files, how many of them passed."""
        return "\n".join(f"| {name} | {count} | {self.unnoticed[name]} |" for name, count in sorted(self.damaged.items()))


def main() -> None:
    """Fuzz, then tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="part of the names of the corpus files to mutate")
    parser.add_argument("--keep", type=Path, default=Path("test-artifacts/fuzz"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as corpus:
        fuzzer = Fuzzer(Path(corpus), options.keep, options.only)
        until, seed = time.monotonic() + options.minutes * 60, options.seed
        with ThreadPoolExecutor(options.threads) as pool:
            while time.monotonic() < until:
                list(pool.map(fuzzer.one, range(seed, seed + 50)))
                seed += 50
    print(f"| format | good files changed | passed |\n|---|---|---|\n{fuzzer.told()}")
    print(f"{seed - options.seed} files, {dict(fuzzer.counts)}, slowest {fuzzer.slowest:.1f} s, troubles {fuzzer.troubles}")
    sys.exit(1 if fuzzer.troubles else 0)


if __name__ == "__main__":
    main()

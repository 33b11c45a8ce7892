"""Mutated corpus files through the real jail, for some minutes: ``python -m tests.benchmarks.fuzz --minutes 30``.

A worker may not break, no file may take longer than the jail's clock, and a cut file of a format with a length or an end of its own may never
pass. Each trouble is kept in ``--keep`` with the seed that made it. Ends with 1 when there was any.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from backoffice.inspection import runner
from tests.corpus import build

LARGEST = 2 << 20  # bytes of a file worth mutating here
# Text has no end of its own: a shorter one is as good.
ENDLESS = ("csv", "json", "md")


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

    def __init__(self, corpus: Path, keep: Path) -> None:
        self.keep = keep
        self.built = [one for one in build.build(corpus) if 0 < one.path.stat().st_size <= LARGEST]
        self.counts: collections.Counter[str] = collections.Counter()
        self.slowest = 0.0
        self.troubles = 0

    def one(self, seed: int) -> None:
        chance = random.Random(seed)
        built = chance.choice(self.built)
        kind, data = mutated(built.path.read_bytes(), chance)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "upload"
            path.write_bytes(data)
            started = time.monotonic()
            try:
                seen = runner.inspect(path, slot=built.case.slot, name=built.case.name, antivirus=None)
            except Exception:  # noqa: BLE001  (any of them is what we are looking for)
                self.trouble(seed, built.id, kind, traceback.format_exc(limit=3), data)
                return
        self.slowest = max(self.slowest, time.monotonic() - started)
        self.counts[str(seen.verdict)] += 1
        for finding in seen.findings:
            if finding.rule.startswith("jail.") or finding.rule == "format.unparsed":
                self.counts[finding.rule] += 1
                self.trouble(seed, built.id, kind, f"{finding.rule} {dict(finding.params)}", data, counts=False)
        if seen.verdict == "pass" and kind == "cut" and seen.detected not in ENDLESS and built.case.verdict == "pass":
            self.trouble(seed, built.id, kind, f"passes, {len(data)} bytes, {seen.detected}", data)

    def trouble(self, seed: int, name: str, kind: str, words: str, data: bytes, *, counts: bool = True) -> None:
        self.troubles += counts
        print(f"{'TROUBLE' if counts else 'note'} seed={seed} {name} {kind}: {words}", flush=True)
        self.keep.mkdir(parents=True, exist_ok=True)
        (self.keep / f"{seed}-{kind}-{Path(name).name}").write_bytes(data)


def main() -> None:
    """Fuzz, then tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("test-artifacts/fuzz"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as corpus:
        fuzzer = Fuzzer(Path(corpus), options.keep)
        until, seed = time.monotonic() + options.minutes * 60, options.seed
        with ThreadPoolExecutor(options.threads) as pool:
            while time.monotonic() < until:
                list(pool.map(fuzzer.one, range(seed, seed + 50)))
                seed += 50
    print(f"{seed - options.seed} files, {dict(fuzzer.counts)}, slowest {fuzzer.slowest:.1f} s, troubles {fuzzer.troubles}")
    sys.exit(1 if fuzzer.troubles else 0)


if __name__ == "__main__":
    main()

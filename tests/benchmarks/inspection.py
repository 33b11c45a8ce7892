"""How long a whole inspection takes, against clamd alone, unpacking alone and one SHA-256 pass: ``python -m tests.benchmarks.inspection``.

Ratios in one run on one machine; each measure in a process of its own. Bytes are half random, so that archives compress to about a half.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from backoffice.inspection import antivirus, clamd_server, runner

MIB = 1 << 20
BLOCK = 64 * 1024


def content(path: Path, mib: int) -> Path:
    """A file of ``mib`` MiB: random blocks, each followed by a block of repeated text."""
    noise, plain = random.Random(1), b"0.125;0.250;0.375\n" * (BLOCK // 18)
    with path.open("wb") as file:
        for _ in range(mib * MIB // (2 * BLOCK)):
            file.write(noise.randbytes(BLOCK))
            file.write(plain)
    return path


def make_zip(folder: Path, mib: int) -> Path:
    path = folder / "large.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(folder / "content", "weights.bin")
    return path


def make_tar_gz(folder: Path, mib: int) -> Path:
    path = folder / "large.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        archive.add(folder / "content", "weights.bin")
    return path


def make_7z(folder: Path, mib: int) -> Path:
    path = folder / "large.7z"
    subprocess.run(["7zz", "a", "-mx1", "-bd", str(path), str(folder / "content")], check=True, capture_output=True)
    return path


def make_many(folder: Path, mib: int) -> Path:
    path = folder / "many.zip"
    noise = random.Random(2)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(20_000 * mib // 1024):
            archive.writestr(f"данные/{number // 500}/{number}.txt", f"строка {noise.random()}\n" * 20)
    return path


def make_small(folder: Path, mib: int) -> Path:
    path = folder / "small.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("описание.txt", "Прогноз спроса\n" * 100)
    return path


MAKERS: dict[str, Callable[[Path, int], Path]] = {
    "small zip": make_small, "zip": make_zip, "tar.gz": make_tar_gz, "7z": make_7z, "20,000 files zip": make_many,
}  # fmt: skip
UNPACK = {".zip": ["7zz", "x", "-so"], ".gz": ["gzip", "-dc"], ".7z": ["7zz", "x", "-so"]}


def hashed(path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(MIB):
            digest.update(chunk)


def unpacked(path: Path) -> None:
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


def inspected(path: Path, address: str) -> None:
    """In this process of its own, so that the peak memory of its children is this file's: prints JSON."""
    started = time.perf_counter()
    seen = runner.inspect(path, slot="data_example", name=path.name, antivirus=address)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": time.perf_counter() - started, "jail": peak, "worker": own, "verdict": seen.verdict}))


def row(kind: str, path: Path, address: str, runs: int) -> str:
    whole = []
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-m", __spec__.name, "--one", str(path), address], check=True, capture_output=True)
        whole.append(json.loads(done.stdout))
    seconds = statistics.median(one["seconds"] for one in whole)
    clam = measured(lambda: antivirus.scan(path, address=address), runs)
    alone, digest = measured(lambda: unpacked(path), runs), measured(lambda: hashed(path), runs)
    ratio = seconds / max(clam, alone)
    last = whole[-1]
    return (
        f"| {kind} | {path.stat().st_size / MIB:.1f} | {seconds:.2f} | {clam:.2f} | {alone:.2f} | {digest:.2f} "
        f"| {ratio:.2f} | {last['jail']} | {last['worker']} | {last['verdict']} |"
    )


def main() -> None:
    """A Markdown table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=MAKERS)
    parser.add_argument("--one", nargs=2)
    options = parser.parse_args()
    if options.one:
        inspected(Path(options.one[0]), options.one[1])
        return
    print(
        "| file | MiB | inspection, s | clamd alone | unpacking alone | SHA-256 | ÷ slower of the two | jail, MB | worker, MB | verdict |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        content(folder / "content", options.mib)
        server = clamd_server.start(folder / "clamd")
        try:
            for kind, make in MAKERS.items():
                if options.only in (None, kind):
                    print(row(kind, make(folder, options.mib), server.address, options.runs), flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main()

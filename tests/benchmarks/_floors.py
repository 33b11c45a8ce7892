"""The least that reading a file can cost: the fastest parser among our dependencies, which merely reads the same bytes once and looks at nothing.

Where this floor alone is past 1.1 of clamd's time, nobody who really reads the file can meet the goal of 1.1.
"""

from __future__ import annotations

import pickletools
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import pyarrow.csv
import pyarrow.parquet
from pydantic_core import from_json

_PIECE = 1 << 20


def _csv(path: Path) -> None:
    """Arrow, which tells the types of columns as it goes."""
    options = pyarrow.csv.ReadOptions(use_threads=False, block_size=_PIECE)
    for _ in pyarrow.csv.open_csv(path, read_options=options):
        pass


def _rows(path: Path) -> Iterator[bytes]:
    """A JSON array of objects in pieces that are arrays of their own."""
    with path.open("rb") as file:
        rest = file.read(1)[1:]
        while piece := file.read(_PIECE):
            whole, _, rest = (rest + piece).rpartition(b",{")
            yield b"[" + whole + b"]"
            rest = b"{" + rest


def _json(path: Path) -> None:
    """jiter, into Python's objects: repeated keys are told by nothing less."""
    for rows in _rows(path):
        from_json(rows)


def _parquet(path: Path) -> None:
    with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
        for _ in file.iter_batches(use_threads=False):
            pass


def _h5(path: Path) -> None:
    with h5py.File(path) as file:
        for dataset in file.values():
            for chunk in dataset.iter_chunks():
                dataset[chunk]


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            archive.read(member)


def _pickle(path: Path) -> None:
    """Python's own list of opcodes; to load them is what must not be done."""
    with path.open("rb") as file:
        for _ in pickletools.genops(file):
            pass


def _start(_: Path) -> None:
    """A Python that does nothing."""
    subprocess.run([sys.executable, "-c", ""], check=True)


FLOORS: dict[str, Callable[[Path], None]] = {
    "small zip": _start,
    "20,000 files zip": _zip,
    "csv": _csv,
    "json": _json,
    "parquet": _parquet,
    "h5": _h5,
    "pickle": _pickle,
    "pickle of tiny objects": _pickle,
}

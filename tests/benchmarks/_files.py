"""The files that the benchmark of inspections is about. Bytes are half random, so that archives compress to about a half."""

from __future__ import annotations

import gzip
import json
import pickle
import random
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MIB = 1 << 20
BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Maker:
    """``make(folder, mib)`` writes a file of about so many MiB; archives pack ``folder/content``."""

    make: Callable[[Path, int], Path]
    slot: str = "data_example"


def content(path: Path, mib: int) -> Path:
    """A file of ``mib`` MiB: random blocks, each followed by a block of repeated text."""
    noise, plain = random.Random(1), b"0.125;0.250;0.375\n" * (BLOCK // 18)
    with path.open("wb") as file:
        for _ in range(mib * MIB // (2 * BLOCK)):
            file.write(noise.randbytes(BLOCK))
            file.write(plain)
    return path


def _zip(folder: Path, mib: int) -> Path:
    path = folder / "large.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(folder / "content", "weights.bin")
    return path


def _tar_gz(folder: Path, mib: int) -> Path:
    path = folder / "large.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        archive.add(folder / "content", "weights.bin")
    return path


def _seven(folder: Path, mib: int) -> Path:
    path = folder / "large.7z"
    subprocess.run(["7zz", "a", "-mx1", "-bd", str(path), str(folder / "content")], check=True, capture_output=True)
    return path


def _many(folder: Path, mib: int) -> Path:
    path, noise = folder / "many.zip", random.Random(2)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(20_000):
            archive.writestr(f"данные/{number // 500}/{number}.txt", f"строка {noise.random()}\n" * 20)
    return path


def _small(folder: Path, mib: int) -> Path:
    path = folder / "small.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("описание.txt", "Прогноз спроса\n" * 100)
    return path


def _repeated(path: Path, head: bytes, rows: bytes, tail: bytes, mib: int) -> Path:
    with path.open("wb") as file:
        file.write(head)
        for _ in range(max(mib * MIB // len(rows), 1)):
            file.write(rows)
        file.write(tail)
    return path


def _csv(folder: Path, mib: int) -> Path:
    noise = random.Random(3)
    rows = "".join(f"{number},{noise.random()},{noise.random()},город {number % 97}\n" for number in range(20_000)).encode()
    return _repeated(folder / "large.csv", "номер,длина,ширина,место\n".encode(), rows, b"", mib)


def _json(folder: Path, mib: int) -> Path:
    noise = random.Random(4)
    one = [{"номер": number, "длина": noise.random(), "место": f"город {number % 97}"} for number in range(10_000)]
    rows = ",".join(json.dumps(row, ensure_ascii=False) for row in one).encode() + b","
    return _repeated(folder / "large.json", b"[", rows, b"null]", mib)


def _numbers(mib: int) -> np.ndarray:
    """Half noise, half the same number, in rows of 1,000."""
    values = np.random.default_rng(5).standard_normal(mib * MIB // 8)
    values[len(values) // 2 :] = 0.125
    return values[: len(values) // 1000 * 1000].reshape(-1, 1000)


def _parquet(folder: Path, mib: int) -> Path:
    path, values = folder / "large.parquet", _numbers(mib).reshape(-1)
    table = pa.table({"x": values[0::2], "y": values[1::2]})
    pq.write_table(table, path, compression="snappy", write_page_checksum=True, use_dictionary=False, row_group_size=1 << 20)
    return path


def _h5(folder: Path, mib: int) -> Path:
    path = folder / "large.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("веса", data=_numbers(mib), chunks=(100, 1000), compression="gzip", compression_opts=1)
    return path


def _pickle(folder: Path, mib: int) -> Path:
    path, values = folder / "large.pickle", _numbers(mib)
    with path.open("wb") as file:
        pickle.dump({f"слой {number}": part for number, part in enumerate(np.array_split(values, 16))}, file, protocol=5)
    return path


def _tiny(folder: Path, mib: int) -> Path:
    """Dictionaries of numbers and short texts, a sixteenth of the other files' size."""
    path, noise = folder / "tiny.pickle", random.Random(6)
    rows = [
        {"номер": number, "длина": noise.random(), "место": f"город {number % 97}"} for number in range(mib * MIB // 16 // 40)
    ]
    path.write_bytes(pickle.dumps(rows, protocol=4))
    return path


MAKERS: dict[str, Maker] = {
    "small zip": Maker(_small),
    "20,000 files zip": Maker(_many),
    "zip": Maker(_zip),
    "tar.gz": Maker(_tar_gz),
    "7z": Maker(_seven),
    "csv": Maker(_csv),
    "json": Maker(_json),
    "parquet": Maker(_parquet),
    "h5": Maker(_h5, "model_archive"),
    "pickle": Maker(_pickle, "model_archive"),
    "pickle of tiny objects": Maker(_tiny, "model_archive"),
}

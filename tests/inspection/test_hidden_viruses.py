"""One virus in every place that clamd does not look into by itself, or looks into only so far: each is found, by a real clamd (M4)."""

from __future__ import annotations

import io
import random
import subprocess
import tarfile
import zipfile
import zlib
from base64 import a85encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import pikepdf
import pyarrow as pa
import pytest

from backoffice.domain.verdicts import Verdict
from backoffice.inspection import antivirus, runner
from tests.corpus import hdfs, pdfs, words
from tests.corpus.pack import gzipped, sevened, tarred, zipped
from tests.corpus.tables import as_feather, as_parquet
from tests.inspection.test_antivirus import EICAR

pytestmark = [pytest.mark.clamd, pytest.mark.jail]
DATA, MANUAL, MODEL = "data_example", "instruction", "model_archive"
# Repeated, so that every packer really packs it.
TEXT = b"".join(b"%d: %s\n" % (number, EICAR) for number in range(64))


def table(write: Callable[..., bytes], compression: str) -> bytes:
    bare = {"write_statistics": False} if write is as_parquet else {}  # else the greatest value stands unpacked in the footer
    return write(pa.table({"text": [row.decode() for row in TEXT.splitlines()]}), compression=compression, **bare)


def numbers(**storage: Any) -> bytes:
    values = np.frombuffer(TEXT, dtype="u1")
    return hdfs.made(lambda file: file.create_dataset("w", data=values, chunks=(len(values),), **storage))


def in_a_string(file: h5py.File) -> None:
    file.create_dataset("t", data=np.array([TEXT.decode()], dtype=object), compression="gzip")


def stream_of(data: bytes, *names: str) -> bytes:
    def change(document: Any) -> None:
        stream = pikepdf.Stream(document, b"")
        stream.write(data, filter=pikepdf.Array([pikepdf.Name(name) for name in names]), type_check=False)
        document.Root.Extra = document.make_indirect(stream)

    return pdfs.changed(change, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def pickled(compress: tuple[str, int]) -> bytes:
    out = io.BytesIO()
    joblib.dump({"w": TEXT}, out, compress=compress)
    return out.getvalue()


def zip64(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open(zipfile.ZipInfo("a.txt"), "w", force_zip64=True) as member:
        member.write(data)
    return out.getvalue()


PLACES: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "three archives deep": ("a.7z", DATA, lambda: sevened({"b.zip": zipped({"c.tar.gz": gzipped(tarred([("d.txt", TEXT)]))})})),
    "zip64": ("a.zip", DATA, lambda: zip64(TEXT)),
    "zip LZMA": ("a.zip", DATA, lambda: zipped({"a.txt": TEXT}, zipfile.ZIP_LZMA)),
    "zip bzip2": ("a.zip", DATA, lambda: zipped({"a.txt": TEXT}, zipfile.ZIP_BZIP2)),
    "a picture of a .docx": ("a.docx", MANUAL, lambda: words.repacked({}, extra={"word/media/image1.png": TEXT})),
    "a .docx in a .zip in a .tar.gz": (
        "a.tar.gz", DATA, lambda: gzipped(tarred([("b.zip", zipped({"c.docx": words.repacked({}, extra={"word/media/i.png": TEXT})}))]))
    ),
    "PDF Flate": ("a.pdf", MANUAL, lambda: stream_of(zlib.compress(TEXT), "/FlateDecode")),
    "PDF Flate twice": ("a.pdf", MANUAL, lambda: stream_of(zlib.compress(zlib.compress(TEXT)), "/FlateDecode", "/FlateDecode")),
    "PDF ASCII85 and Flate": (
        "a.pdf", MANUAL, lambda: stream_of(a85encode(zlib.compress(TEXT)) + b"~>", "/ASCII85Decode", "/FlateDecode")
    ),
    "PDF hex": ("a.pdf", MANUAL, lambda: stream_of(TEXT.hex().encode() + b">", "/ASCIIHexDecode")),
    **{f"parquet {packer}": ("a.parquet", DATA, lambda packer=packer: table(as_parquet, packer))  # type: ignore[misc]
       for packer in ("zstd", "snappy", "gzip", "brotli", "lz4")},
    **{f"feather {packer}": ("a.feather", DATA, lambda packer=packer: table(as_feather, packer)) for packer in ("zstd", "lz4")},  # type: ignore[misc]
    "HDF5 gzip": ("a.h5", MODEL, lambda: numbers(compression="gzip")),
    "HDF5 gzip and shuffle": ("a.h5", MODEL, lambda: numbers(compression="gzip", shuffle=True)),
    "HDF5 szip": ("a.h5", MODEL, lambda: numbers(compression="szip")),
    "a text of HDF5": ("a.h5", MODEL, lambda: hdfs.made(in_a_string)),
    **{f"joblib {packer}": ("a.pkl", MODEL, lambda packer=packer: pickled((packer, 3)))  # type: ignore[misc]
       for packer in ("zlib", "gzip", "bz2", "xz", "lzma")},
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found(clamd: str, tmp_path: Path, place: str) -> None:
    name, slot, build = PLACES[place]
    path = tmp_path / name
    path.write_bytes(build())
    seen = runner.inspect(path, slot=slot, name=name, antivirus=clamd)
    assert seen.verdict == Verdict.REJECT
    assert "antivirus.virus" in {finding.rule for finding in seen.findings}, seen


@pytest.mark.slow
@pytest.mark.parametrize(("pack", "megabytes"), [("zip", 900), ("tar.gz", 120), ("7z", 120)])
def test_it_is_found_at_the_tail_of_a_large_archive(clamd: str, tmp_path: Path, pack: str, megabytes: int) -> None:
    path = tmp_path / f"large.{pack}"
    large(path, pack, megabytes)
    seen = runner.inspect(path, slot=DATA, name=path.name, antivirus=clamd, scratch=tmp_path / "scratch")
    assert seen.verdict == Verdict.REJECT
    assert "antivirus.virus" in {finding.rule for finding in seen.findings}, seen


def large(path: Path, pack: str, megabytes: int) -> None:
    """Noise, and the virus as the last bytes of the same member."""
    content, chance = path.with_suffix(".bin"), random.Random(7)
    with content.open("wb") as file:
        for _ in range(megabytes):
            file.write(chance.randbytes(1_000_000))
        file.write(EICAR)
    if pack == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(content, "weights.bin")
    elif pack == "7z":
        subprocess.run(["7zz", "a", "-mx0", "-bd", str(path), str(content)], check=True, capture_output=True)
    else:
        with tarfile.open(path, "w:gz", compresslevel=0) as archive:
            archive.add(content, "weights.bin")
    content.unlink()


def test_the_bare_bytes_are_no_virus_to_clamd_where_it_cannot_look(clamd: str, tmp_path: Path) -> None:
    """The reason for all of this: clamd alone says OK to these. When it learns to look, the places may be fed no more."""
    blind = []
    for place in ("parquet zstd", "HDF5 gzip", "zip LZMA", "PDF Flate twice", "joblib zlib"):
        path = tmp_path / "upload"
        path.write_bytes(PLACES[place][2]())
        if antivirus.scan(path, address=clamd).rule != "antivirus.virus":
            blind.append(place)
    assert blind

"""Good archives, damaged at random: no examiner breaks, and what was cut or changed never passes (M5).

The same damage in every run; ``tests.benchmarks.fuzz`` looks for new.
"""

from __future__ import annotations

import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.inspection.inside import examine_upload
from tests.corpus.pack import gzipped, sevened, tarred, zipped

TEXT = ("Прогноз спроса по магазинам сети, строка {}.\n" * 20).format(*range(20)).encode()
NOISE = random.Random(5).randbytes(3000).hex().encode()
MEMBERS = {"данные/описание.txt": TEXT, "шум.txt": NOISE, "пусто.txt": b""}
GOOD = {
    "a.zip": zipped(MEMBERS),
    "stored.zip": zipped(MEMBERS, zipfile.ZIP_STORED),
    "lzma.zip": zipped(MEMBERS, zipfile.ZIP_LZMA),
    "nested.zip": zipped({"b.zip": zipped(MEMBERS), "c.tar.gz": gzipped(tarred([*MEMBERS.items()]))}),
    "a.tar.gz": gzipped(tarred([*MEMBERS.items()])),
    "gnu.tar.gz": gzipped(tarred([*MEMBERS.items()], kind=tarfile.GNU_FORMAT)),
    "a.7z": sevened(MEMBERS),
}
AT = st.integers(min_value=0, max_value=1_000_000)


def examined(folder: Path, name: str, data: bytes) -> tuple[str, set[str]]:
    """What the examiner says outside of the jail: "pass" when it has nothing to say, else the worst of its words."""
    path = folder / "upload"
    path.write_bytes(data)
    with (folder / "pipe").open("wb") as pipe:
        told = examine_upload(path, name=name, slot="data_example", pipe=pipe, feeding=False)
    found = {finding["rule"] for finding in told["findings"]}
    return ("pass" if not found and not told["coverage"]["failed"] else "finding"), found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations")


@pytest.mark.parametrize("name", GOOD)
def test_the_good_one_passes(folder: Path, name: str) -> None:
    assert examined(folder, name, GOOD[name]) == ("pass", set())


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(at=AT)
def test_a_cut_file_never_passes(folder: Path, name: str, at: int) -> None:
    data = GOOD[name]
    verdict, found = examined(folder, name, data[: at % len(data)])
    assert verdict != "pass"
    assert "format.unparsed" not in found


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(at=AT, mask=st.integers(min_value=1, max_value=255))
def test_a_changed_byte_breaks_no_examiner(folder: Path, name: str, at: int, mask: int) -> None:
    data = bytearray(GOOD[name])
    data[at % len(data)] ^= mask
    _, found = examined(folder, name, bytes(data))
    assert "format.unparsed" not in found


@pytest.mark.parametrize("name", ["a.zip", "stored.zip", "a.tar.gz", "a.7z"])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(at=AT, mask=st.integers(min_value=1, max_value=255))
def test_changed_content_never_passes(folder: Path, name: str, at: int, mask: int) -> None:
    """Inside the packed bytes of the noise, every bit is somebody's."""
    data = bytearray(GOOD[name])
    start = len(data) // 4 if name != "a.tar.gz" else 40
    data[start + at % (len(data) // 4)] ^= mask
    assert examined(folder, name, bytes(data))[0] != "pass"


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(at=AT, length=st.integers(min_value=1, max_value=2000), seed=st.integers())
def test_noise_put_in_never_passes(folder: Path, name: str, at: int, length: int, seed: int) -> None:
    data = GOOD[name]
    at %= len(data)
    noise = random.Random(seed).randbytes(length)
    verdict, found = examined(folder, name, data[:at] + noise + data[at:])
    assert verdict != "pass"
    assert "format.unparsed" not in found

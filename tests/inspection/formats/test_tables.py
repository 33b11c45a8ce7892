"""Feather and parquet: what the moderator sees, what the antivirus gets, and that damage anywhere is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.corpus.tables import as_feather, as_parquet, people
from tests.inspection.formats.examining import examine_bytes

Write = Callable[..., bytes]
BOTH = pytest.mark.parametrize(("name", "write"), [("t.parquet", as_parquet), ("t.feather", as_feather)])
MARK = b"a mark that a signature would look for"


@BOTH
def test_the_preview_has_the_schema_and_the_first_rows(tmp_path: Path, name: str, write: Write) -> None:
    preview = examine_bytes(tmp_path, name, write(people())).report.preview
    told = {column["name"]: column for column in preview["columns"]}
    assert (told["возраст"]["type"], told["возраст"]["min"], told["возраст"]["max"]) == ("int64", 18, 77)
    assert told["имя"]["nulls"] == 12
    assert (len(preview["rows"]), preview["total_rows"]) == (500, 600)
    assert preview["rows"][0][0] == "Покупатель № 0"
    json.dumps(preview)


@BOTH
def test_packed_cells_go_to_the_antivirus_unpacked(tmp_path: Path, name: str, write: Write) -> None:
    long = b"x" * 300
    table = pa.table({"текст": ["a", long.decode()] + ["пусто"] * 500})
    data = write(table, compression="zstd")
    assert long not in data
    assert any(long in fed for fed in examine_bytes(tmp_path, name, data).fed.values())


@BOTH
@pytest.mark.parametrize("wrap", [lambda cell: cell, lambda cell: [cell], lambda cell: {"файл": cell}])
def test_a_file_in_a_cell_goes_to_the_antivirus_by_itself(
    tmp_path: Path, name: str, write: Write, wrap: Callable[[bytes], Any]
) -> None:
    archive = b"PK\x03\x04" + MARK
    table = pa.table({"файлы": [wrap(b"\x89PNG"), wrap(archive)]})
    assert archive in examine_bytes(tmp_path, name, write(table)).fed.values()


def test_times_past_the_calendar_are_no_damage(tmp_path: Path) -> None:
    table = pa.table({"t": pa.array([2**62, 5], pa.timestamp("us"))})
    assert examine_bytes(tmp_path, "t.parquet", as_parquet(table)).rules == set()


@pytest.mark.parametrize("codec", ["snappy", "zstd", "none"])
def test_no_page_with_a_flipped_bit_passes(tmp_path: Path, codec: str) -> None:
    """A page's own header, at most a hundred bytes, has no checksum in this format: flips there are looked for in vain."""
    table = pa.table({"x": [index * 7919 % 1000 for index in range(4000)]})
    data = as_parquet(table, compression=codec, use_dictionary=False, data_page_size=1 << 20)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for at in range(150, footer, footer // 40):
        flipped = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
        assert examine_bytes(tmp_path, "t.parquet", flipped).rules == {"format.damaged"}, at


def test_offsets_of_a_list_that_lead_astray_are_damage_and_no_crash(tmp_path: Path) -> None:
    data = as_feather(pa.table({"x": [["a", "b"]] * 200}), compression="uncompressed")
    offsets = b"".join((2 * index).to_bytes(4, "little") for index in range(1, 60))
    at = data.index(offsets)
    astray = data[:at] + b"\x00\x00\x00\x17" * 59 + data[at + len(offsets) :]
    assert examine_bytes(tmp_path, "t.feather", astray).rules == {"format.damaged"}


@BOTH
def test_a_table_cut_anywhere_is_never_passed(tmp_path: Path, name: str, write: Write) -> None:
    data = write(people())
    for length in range(12, len(data), len(data) // 40):
        assert examine_bytes(tmp_path, name, data[:length]).rules & {"format.truncated", "format.damaged"}, length

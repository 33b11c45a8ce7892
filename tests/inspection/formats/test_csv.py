"""What the moderator is shown of a CSV file, and how its reader behaves where Arrow would keep silent (A7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.data import PEOPLE
from tests.inspection.formats.examining import examine_bytes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "cp866", "koi8-r", "utf-16"])
def test_the_table_is_the_same_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    preview = examine_bytes(tmp_path, "люди.csv", PEOPLE.encode(encoding)).report.preview
    assert [column["name"] for column in preview["columns"]] == ["имя", "возраст", "город", "сумма"]
    assert preview["rows"][2] == ["Пётр Ёлкин", "41", "Орёл", "0"]
    assert preview["total_rows"] == 3


def test_columns_tell_their_type_and_range(tmp_path: Path) -> None:
    text = "a,b,c,d,e\n1,1.5,2024-01-31,да,true\n-7,,2023-12-01,нет,false\n"
    columns = examine_bytes(tmp_path, "t.csv", text.encode()).report.preview["columns"]
    assert [(column["type"], column["nulls"], column["min"], column["max"]) for column in columns] == [
        ("integer", 0, -7, 1),
        ("number", 1, 1.5, 1.5),
        ("date", 0, "2023-12-01 00:00:00", "2024-01-31 00:00:00"),
        ("text", 0, None, None),
        ("boolean", 0, False, True),
    ]


def test_a_column_that_turns_to_text_late_is_text(tmp_path: Path) -> None:
    rows = "x,y\n" + "123456,a\n" * 900_000 + "много,b\n"
    preview = examine_bytes(tmp_path, "late.csv", rows.encode()).report.preview
    assert (preview["columns"][0]["type"], preview["total_rows"]) == ("text", 900_001)


def test_a_quote_opened_in_the_middle_of_a_large_file_is_found(tmp_path: Path) -> None:
    rows = b"x,y\n" + b"1,2\n" * 400_000 + b'"3,4\n' + b"1,2\n" * 400_000
    assert examine_bytes(tmp_path, "quote.csv", rows).rules == {"csv.quotes"}


def test_ragged_rows_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    seen = examine_bytes(tmp_path, "r.csv", b"a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert [(finding.place, finding.params["count"]) for finding in seen.report.findings] == [("3", 2)]


def test_a_table_of_many_columns_keeps_its_preview_small(tmp_path: Path) -> None:
    wide = ",".join(f"столбец номер {index}" for index in range(5000))
    row = ",".join(["ж" * 300] * 5000)
    preview = examine_bytes(tmp_path, "wide.csv", f"{wide}\n{row}\n{row}\n".encode()).report.preview
    assert len(str(preview)) < 200_000
    assert preview["total_columns"] == 5000


WIDE = 1_500


def _wide(cell: str) -> bytes:
    """A table of 1,500 columns, with one cell far to the right as it is given."""
    rows = [[f"c{index}" for index in range(WIDE)], *([str(index % 90 - 40) for index in range(WIDE)] for _ in range(3))]
    rows[2][1_200] = cell
    return "\n".join(",".join(row) for row in rows).encode() + b"\n"


@pytest.mark.parametrize(
    ("cell", "rules"),
    [
        ("5", set()),
        ("-5 (оценка)", set()),
        ("=1+2", {"csv.formula"}),
        ('"=A1, и ещё"', {"csv.formula"}),
        ("@SUM(A1)", {"csv.formula"}),
        ('"+""a"",SUM(1,2)"', {"csv.formula"}),
        ("5,6", {"csv.ragged"}),
    ],
)
def test_a_very_wide_table_is_read_as_strictly_as_any(tmp_path: Path, cell: str, rules: set[str]) -> None:
    seen = examine_bytes(tmp_path, "гены.csv", _wide(cell))
    assert seen.rules == rules
    assert (seen.report.preview["total_columns"], seen.report.preview["total_rows"]) == (WIDE, 2 if "csv.ragged" in rules else 3)

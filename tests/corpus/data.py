"""Data examples as text and as tables: csv, json, feather, parquet; good, damaged and hostile (A7)."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from tests.corpus.case import Case
from tests.corpus.pack import zipped
from tests.corpus.tables import as_feather, as_parquet, bomb, encrypted, people, with_pickled_type, with_program

DATA = "data_example"
ZIP = zipped({"a.txt": b"hidden"}, zipfile.ZIP_STORED)
PEOPLE = "имя;возраст;город;сумма\nИван Петров;34;Москва;1 234,56\nМария Котова;29;Тверь;-870,10\nПётр Ёлкин;41;Орёл;0\n"
PLAIN = "id,price,when\n1,10.5,2024-02-01\n2,11.0,2024-02-02\n3,-9.75,2024-02-03\n"
ORDER = {
    "номер": 17,
    "товары": [{"имя": "Чайник", "цена": 1990.5}, {"имя": "Ложка", "цена": 49}],
    "оплачен": True,
    "заметка": None,
}


def put(data: bytes | str, encoding: str = "utf-8") -> Callable[[Path], None]:
    """A builder that writes these bytes, or this text."""
    made = data.encode(encoding) if isinstance(data, str) else data

    def build(path: Path) -> None:
        path.write_bytes(made)

    return build


def _good_csv() -> list[Case]:
    excel = PEOPLE.replace("\n", "\r\n")
    return [
        Case("русские-имена.csv", DATA, put(PEOPLE), "pass"),
        Case("from-excel.csv", DATA, put(excel, "utf-8-sig"), "pass"),
        Case("из-1с.csv", DATA, put(excel, "cp1251"), "pass"),
        Case("plain.csv", DATA, put(PLAIN), "pass"),
        Case("tabs.csv", DATA, put(PLAIN.replace(",", "\t")), "pass"),
        Case("without-a-last-line-end.csv", DATA, put(PLAIN.rstrip()), "pass"),
        Case("quoted.csv", DATA, put('имя,текст\nИван,"он сказал: ""да"",\nи ушёл"\nПётр,"a,b"\n'), "pass"),
        Case("one-column.csv", DATA, put("отзыв\nХороший товар\nПлохой товар\nТак себе\n"), "pass"),
        Case("pandas-index.csv", DATA, put(",0,1\n0,1.5,2.5\n1,0.5,9.5\n"), "pass"),
        Case("years-as-names.csv", DATA, put("регион;2021;2022;2023\nТверь;1,5;2;3\nОрёл;2;3;4,5\n"), "pass"),
        Case(
            "phones-and-minuses.csv",
            DATA,
            put("кто,телефон,сколько\n@ivan,+7 (495) 123-45-67,-5\n- нет -,+79261234567,-\n"),
            "pass",
        ),
        Case("empty-cells.csv", DATA, put("a,b,c\n1,,3\n,,\n4,5,6\n"), "pass"),
        Case("latin-1.csv", DATA, put("name,city\nJosé,Málaga\nZoë,Liège\n", "cp1252"), "pass"),
    ]


def _warned_csv() -> list[Case]:
    return [
        Case("numbers-only.csv", DATA, put("5.1,3.5,1.4\n4.9,3.0,1.3\n4.7,3.2,1.3\n"), "warn", ("csv.no_header",)),
        Case("classes-first.csv", DATA, put("кот;да\nпёс;нет\nкот;да\nкот;нет\n"), "warn", ("csv.no_header",)),
        Case("header-alone.csv", DATA, put("имя;возраст\n"), "warn", ("csv.no_rows",)),
        Case("ragged.csv", DATA, put(PEOPLE + "Анна;5\n"), "warn", ("csv.ragged",)),
        Case("counts-first.csv", DATA, put("3,2,кот\n5.1,3.5,1.4,0\n4.9,3.0,1.3,1\n4.7,3.2,1.3,0\n"), "warn", ("csv.ragged",)),
        Case("formula.csv", DATA, put(PLAIN + "4,=HYPERLINK(A1),x\n"), "warn", ("csv.formula",)),
        Case("formula-of-a-program.csv", DATA, put("a,b\n1,+cmd|' /C calc'!A0\n2,@SUM(1)\n"), "warn", ("csv.formula",)),
        Case("dos.csv", DATA, put(PEOPLE, "cp866"), "warn", ("csv.encoding",)),
        Case("unix.csv", DATA, put(PEOPLE, "koi8-r"), "warn", ("csv.encoding",)),
        Case("utf-16.csv", DATA, put(PEOPLE, "utf-16"), "warn", ("csv.encoding",)),
        Case("bell.csv", DATA, put(PLAIN + "4,\x07,2024-02-03\n" + PLAIN.split("\n", 1)[1]), "warn", ("csv.control",)),
    ]


def _bad_csv() -> list[Case]:
    html = "<html><body><table><tr><td>1</td></tr></table></body></html>"
    return [
        Case("empty.csv", DATA, put(b""), "reject", ("format.empty",)),
        Case("blank-lines.csv", DATA, put("\n\r\n  \n"), "reject", ("format.empty",)),
        Case("nul.csv", DATA, put(PLAIN * 3 + "4,\0,2024-02-04\n"), "reject", ("csv.nul",)),
        Case(
            "600-columns.csv",
            DATA,
            put(b",".join(b"c%d" % n for n in range(600)) + b"\n" + (b",".join([b"0.25"] * 600) + b"\n") * 2_000),
            "pass",
        ),
        Case("two-encodings.csv", DATA, put(PEOPLE.encode() + PEOPLE.encode("cp1251")), "reject", ("csv.mixed_encoding",)),
        Case("cut-in-a-letter.csv", DATA, put(PEOPLE.encode() + "Я".encode()[:1]), "reject", ("csv.mixed_encoding",)),
        Case("quote-never-closed.csv", DATA, put(PEOPLE + '"Анна;5;Тула;7\nОльга;6;Уфа;8\n'), "reject", ("csv.quotes",)),
        Case("html.csv", DATA, put(html), "reject", ("format.mismatch",)),
        Case("xml.csv", DATA, put('<?xml version="1.0"?><rows/>'), "reject", ("format.mismatch",)),
        Case("json.csv", DATA, put(json.dumps(ORDER)), "reject", ("format.mismatch",)),
        Case("script.csv", DATA, put("#!/usr/bin/env python3\nprint(1)\n"), "reject", ("format.mismatch",)),
        Case("too-wide.csv", DATA, put("a," * 150_000 + "a\n" + "1," * 150_000 + "1\n"), "reject", ("table.bomb",)),
    ]


def _good_json() -> list[Case]:
    order = json.dumps(ORDER, ensure_ascii=False)
    return [
        Case("заказ.json", DATA, put(order), "pass"),
        Case("escaped.json", DATA, put(json.dumps(ORDER)), "pass"),
        Case("escaped-emoji.json", DATA, put(json.dumps({"знак": "😀", "путь": "C:\\ud800\\udc00"})), "pass"),
        Case("indented.json", DATA, put(json.dumps(ORDER, ensure_ascii=False, indent=4)), "pass"),
        Case("from-notepad.json", DATA, put(order, "utf-8-sig"), "pass"),
        Case("lines.json", DATA, put(f"{order}\n{order}\n{order}\n"), "pass"),
        Case("list.json", DATA, put(json.dumps([ORDER] * 300, ensure_ascii=False)), "pass"),
        Case("large-identifiers.json", DATA, put("[12345678901234567890, 1e400, 0.1]"), "pass"),
        Case("digits-in-a-string.json", DATA, put(json.dumps({"биты": "01" * 6000})), "pass"),
    ]


def _bad_json() -> list[Case]:
    order = json.dumps(ORDER, ensure_ascii=False)
    return [
        Case("nan.json", DATA, put('{"NaN": [NaN, -Infinity, Infinity], "a": "NaN"}'), "warn", ("json.nan",)),
        Case("half-a-character.json", DATA, put(json.dumps({"имя": "Ма\udc00ша", "\ud83d": 1})), "warn", ("json.half_pair",)),
        Case("duplicate.json", DATA, put('{"a": 1, "b": {"a": 2}, "a": 3}'), "warn", ("json.duplicate_keys",)),
        Case("cp1251.json", DATA, put(order, "cp1251"), "warn", ("json.encoding",)),
        Case("several-in-a-line.json", DATA, put(f"{order} {order} {order}"), "warn", ("json.several",)),
        Case("cut.json", DATA, put(order[:-9]), "reject", ("json.malformed",)),
        Case("trailing.json", DATA, put(order + " конец"), "reject", ("json.malformed",)),
        Case("single-quotes.json", DATA, put("{'a': 1}"), "reject", ("json.malformed",)),
        Case("comment.json", DATA, put('// модель\n{"a": 1}'), "reject", ("json.malformed",)),
        Case("nul.json", DATA, put(json.dumps([ORDER] * 9) + "\0"), "reject", ("json.malformed",)),
        Case("csv.json", DATA, put(PEOPLE), "reject", ("json.malformed",)),
        Case("html.json", DATA, put("<!DOCTYPE html><html></html>"), "reject", ("format.mismatch",)),
        Case("brackets.json", DATA, put("[" * 100_000), "reject", ("json.too_deep",)),
        Case("braces.json", DATA, put('{"a":' * 300 + "1" + "}" * 300), "reject", ("json.too_deep",)),
        Case("million-digits.json", DATA, put("[" + "9" * 1_000_000 + "]"), "reject", ("json.huge_number",)),
        Case("blank.json", DATA, put(" \n"), "reject", ("format.empty",)),
    ]


def _good_tables() -> list[Case]:
    cases = [
        Case(f"{codec}.parquet", DATA, put(as_parquet(people(), compression=codec)), "pass")
        for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli")
    ]
    nested = pa.table(
        {"точка": [{"x": 1.5, "имя": "а"}] * 9, "метки": pa.array([[("ключ", 1)]] * 9, pa.map_(pa.string(), pa.int64()))}
    )
    return [
        *cases,
        Case("покупатели.parquet", DATA, put(as_parquet(people(5000), row_group_size=700)), "pass"),
        Case("with-indexes.parquet", DATA, put(as_parquet(people(), write_page_index=True)), "pass"),
        Case("version-1.parquet", DATA, put(as_parquet(people(), version="1.0", write_page_checksum=False)), "pass"),
        Case("pages-of-version-2.parquet", DATA, put(as_parquet(people(), data_page_version="2.0")), "pass"),
        Case("nested.parquet", DATA, put(as_parquet(nested)), "pass"),
        Case("one-value.parquet", DATA, put(as_parquet(pa.table({"x": [0] * 100_000}))), "pass"),
        *(
            Case(f"{codec}.feather", DATA, put(as_feather(people(), compression=codec)), "pass")
            for codec in ("uncompressed", "lz4", "zstd")
        ),
        Case("покупатели.feather", DATA, put(as_feather(people(5000), chunksize=700)), "pass"),
        Case("nested.feather", DATA, put(as_feather(nested)), "pass"),
        Case("version-1.feather", DATA, put(as_feather(people().drop(["товары"]), version=1)), "pass"),
    ]


def _bad_parquet() -> list[Case]:
    good = as_parquet(people())
    middle = len(good) // 3
    flipped = good[:middle] + bytes([good[middle] ^ 8]) + good[middle + 1 :]
    length = int.from_bytes(good[-8:-4], "little")
    hidden = good[: -8 - length] + ZIP + good[-8 - length :]
    return [
        Case("no-rows.parquet", DATA, put(as_parquet(people(0))), "warn", ("table.no_rows",)),
        Case("cut.parquet", DATA, put(good[: len(good) // 2]), "reject", ("format.truncated",)),
        Case("a-bit-flipped.parquet", DATA, put(flipped), "reject", ("format.damaged",)),
        Case("middle-cut-out.parquet", DATA, put(good[:400] + good[900:]), "reject", ("format.damaged",)),
        Case("magic-alone.parquet", DATA, put(b"PAR1PAR1"), "reject", ("format.truncated",)),
        Case("footer-too-long.parquet", DATA, put(good[:-8] + b"\xff\xff\xff\x7fPAR1"), "reject", ("format.damaged",)),
        Case("zip-appended.parquet", DATA, put(good + ZIP), "reject", ("format.truncated",)),
        Case("zip-before-the-footer.parquet", DATA, put(hidden), "reject", ("format.hidden",)),
        Case("encrypted.parquet", DATA, put(encrypted(plaintext_footer=False)), "reject", ("table.encrypted",)),
        Case("column-encrypted.parquet", DATA, put(encrypted(plaintext_footer=True)), "reject", ("table.encrypted",)),
        Case("bomb.parquet", DATA, put(as_parquet(bomb())), "reject", ("table.bomb",)),
        Case("bomb-of-text.parquet", DATA, put(as_parquet(bomb(), store_schema=False)), "reject", ("table.bomb",)),
        Case("pickled-type.parquet", DATA, put(as_parquet(with_pickled_type())), "reject", ("table.pickled",)),
        Case("program-in-a-cell.parquet", DATA, put(as_parquet(with_program())), "reject", ("data.executable",)),
        Case("a-feather.parquet", DATA, put(as_feather(people())), "reject", ("format.mismatch",)),
    ]


def _bad_feather() -> list[Case]:
    good = as_feather(people(), compression="uncompressed")
    packed = as_feather(people(), compression="zstd")
    at = good.index("Покупатель".encode())
    length = int.from_bytes(good[-10:-6], "little")
    hidden = good[: -10 - length] + ZIP + good[-10 - length :]
    return [
        Case("no-rows.feather", DATA, put(as_feather(people(0))), "warn", ("table.no_rows",)),
        Case("cut.feather", DATA, put(good[: len(good) // 2]), "reject", ("format.truncated",)),
        Case("letters-broken.feather", DATA, put(good[:at] + b"\xff\xff" + good[at + 2 :]), "reject", ("format.damaged",)),
        Case("middle-cut-out.feather", DATA, put(good[:4000] + good[4800:]), "reject", ("format.damaged",)),
        Case("packed-and-cut-out.feather", DATA, put(packed[:1600] + packed[1800:]), "reject", ("format.damaged",)),
        Case("zip-appended.feather", DATA, put(good + ZIP), "reject", ("format.damaged", "format.hidden")),
        Case("zip-before-the-footer.feather", DATA, put(hidden), "reject", ("format.hidden",)),
        Case("footer-too-long.feather", DATA, put(good[:-10] + b"\xff\xff\xff\x7fARROW1"), "reject", ("format.damaged",)),
        Case("bomb.feather", DATA, put(as_feather(bomb())), "reject", ("table.bomb",)),
        Case("pickled-type.feather", DATA, put(as_feather(with_pickled_type())), "reject", ("table.pickled",)),
        Case("program-in-a-cell.feather", DATA, put(as_feather(with_program())), "reject", ("data.executable",)),
        Case(
            "version-1-cut.feather",
            DATA,
            put(as_feather(people().drop(["товары"]), version=1)[:-40]),
            "reject",
            ("format.truncated",),
        ),
    ]


CASES = [
    *_good_csv(),
    *_warned_csv(),
    *_bad_csv(),
    *_good_json(),
    *_bad_json(),
    *_good_tables(),
    *_bad_parquet(),
    *_bad_feather(),
]

